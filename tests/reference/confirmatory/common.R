# What the scripts share: reading a case, fitting it with lavaan, catching what lavaan says, writing values.
suppressPackageStartupMessages(library(lavaan))

read_set <- function(name) read.csv(file.path("data", paste0(name, ".csv")))
model_text <- function(name) paste(readLines(file.path("models", paste0(name, ".txt"))), collapse = "\n")
read_cases <- function() read.csv("cases.csv", colClasses = "character")

# The EM of the saturated model runs tighter than lavaan's default (1e-5), nothing else is changed.
TIGHT <- list(em.h1.tol = 1e-12, em.h1.iter.max = 20000)

items_of <- function(model) {
  table <- lavParseModelString(model, as.data.frame. = TRUE, warn = FALSE)
  setdiff(unique(table$rhs[table$op == "=~"]), unique(table$lhs[table$op == "=~"]))
}

# The arguments of lavaan::cfa for a row of cases.csv.
arguments_of <- function(case) {
  model <- model_text(case$model)
  x <- read_set(case$data)
  a <- c(list(model = model, estimator = toupper(case$estimator)), TIGHT)
  if (case$input == "covariance") {
    x <- x[, items_of(model)]
    a$sample.cov <- cov(x)
    a$sample.nobs <- nrow(x)
  } else {
    a$data <- x
  }
  if (case$ordered == "true") a$ordered <- TRUE
  if (case$missing != "") a$missing <- case$missing
  if (case$parameterization != "") a$parameterization <- case$parameterization
  if (case$std_lv == "true") a$std.lv <- TRUE
  if (case$orthogonal == "true") a$orthogonal <- TRUE
  if (case$meanstructure == "true") a$meanstructure <- TRUE
  if (case$group != "") a$group <- case$group
  if (case$group_equal != "") a$group.equal <- strsplit(case$group_equal, " ")[[1]]
  if (case$cluster != "") a$cluster <- case$cluster
  a
}

# The fit of a case. lavaan's optimiser (nlminb) stops with about five digits of an estimate right; of continuous items a
# second search from there, as far as it goes, gives start values that are the minimum, and a third call, with lavaan's own
# settings, starts and ends there.
fit_of_case <- function(case) {
  a <- arguments_of(case)
  fit <- do.call("cfa", a)
  if (case$ordered == "true" || !lavInspect(fit, "converged")) return(fit)
  further <- c(a, list(start = fit, se = "none", test = "none", baseline = FALSE, h1 = FALSE, optim.force.converged = TRUE,
                       control = list(rel.tol = 1e-15, x.tol = 1e-15, iter.max = 10000)))
  further <- listening(do.call("cfa", further))$value
  if (is.null(further)) return(fit)
  last <- listening(do.call("cfa", c(a, list(start = further))))$value
  # a factor may have been turned on the way
  same <- !is.null(last) && lavInspect(last, "converged") && max(abs(coef(last) - coef(fit))) < 0.02
  if (same && last@optim$fx <= fit@optim$fx) last else fit
}

# The value of an expression with the warnings it gave; an error becomes NULL and a message.
listening <- function(expression) {
  said <- character()
  value <- tryCatch(
    withCallingHandlers(expression, warning = function(w) {
      said <<- c(said, paste("warning:", conditionMessage(w)))
      invokeRestart("muffleWarning")
    }),
    error = function(e) { said <<- c(said, paste("error:", conditionMessage(e))); NULL })
  list(value = value, said = gsub("[[:space:]]+", " ", said))
}

number <- function(x) ifelse(is.finite(x), formatC(x, digits = 11, format = "g", flag = ""), "")

write_values <- function(rows, name) {
  for (column in names(rows)) if (is.numeric(rows[[column]]) && column != "group") rows[[column]] <- trimws(number(rows[[column]]))
  out <- if (grepl("gz$", name)) gzfile(name, "wb") else file(name, "wb")
  write.csv(rows, out, row.names = FALSE, quote = which(sapply(rows, is.character) & names(rows) == "text"), na = "")
  close(out)
}
