# lavaan's values for every row of cases.csv. Run from this folder: Rscript fit.R
# Writes parameters, fit, modification, score_tests, residuals, derived, scores (csv.gz) and messages.csv.
source("common.R")

kept <- list()
keep <- function(table, rows) {
  if (!is.null(rows) && nrow(rows) > 0) kept[[table]] <<- c(kept[[table]], list(cbind(case = current, rows)))
}

long <- function(quantity, value, group, triangle = FALSE) {
  if (is.null(value) || length(value) == 0) return(NULL)
  value <- unclass(value)
  if (is.matrix(value)) {
    use <- if (triangle) lower.tri(value, diag = TRUE) else matrix(TRUE, nrow(value), ncol(value))
    data.frame(quantity, group, row = rownames(value)[row(value)[use]], column = colnames(value)[col(value)[use]],
               value = value[use])
  } else {
    data.frame(quantity, group, row = names(value), column = "", value = unname(as.numeric(value)))
  }
}

# lavInspect gives a list over groups when there are several
by_group <- function(x, n_groups) if (n_groups == 1) list(x) else unname(x)

parameters <- function(fit) {
  table <- parameterEstimates(fit, standardized = TRUE, remove.system.eq = TRUE, remove.eq = TRUE)
  if (is.null(table$group)) table$group <- 1L
  solution <- standardizedSolution(fit, ci = FALSE)
  if (is.null(solution$group)) solution$group <- 1L
  solution <- solution[solution$op != "==", ]
  key <- function(t) paste(t$lhs, t$op, t$rhs, t$group)
  at <- match(key(table), key(solution))
  data.frame(lhs = table$lhs, op = table$op, rhs = table$rhs, group = table$group, est = table$est, se = table$se,
             z = table$z, pvalue = table$pvalue, std_all = solution$est.std[at], std_se = solution$se[at],
             std_lv = table$std.lv)
}

modification <- function(fit) {
  table <- as.data.frame(modindices(fit, sort. = FALSE))
  if (nrow(table) == 0) return(NULL)
  if (is.null(table$group)) table$group <- 1L
  table[, c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.all")]
}

score_tests <- function(fit) {
  table <- lavTestScore(fit)$uni
  full <- parTable(fit)
  name <- function(p) { i <- match(p, full$plabel); paste0(full$lhs[i], full$op[i], full$rhs[i], " g", full$group[i]) }
  data.frame(lhs = name(table$lhs), rhs = name(table$rhs), x2 = table$X2, df = table$df, pvalue = table$p.value)
}

# number of rows kept of a table of scores
FIRST <- 20

record <- function(case) {
  current <<- case$case
  heard <- listening(fit_of_case(case))
  said <- heard$said
  fit <- heard$value
  if (!is.null(fit)) {
    listen <- function(expression) { h <- listening(expression); said <<- c(said, h$said); h$value }
    groups <- lavInspect(fit, "ngroups")
    labels <- if (groups > 1) lavInspect(fit, "group.label") else ""
    converged <- lavInspect(fit, "converged")
    counts <- c(converged = as.numeric(converged), n_groups = groups, n_total = lavInspect(fit, "ntotal"))
    keep("fit", data.frame(measure = names(counts), value = unname(counts)))
    if (converged) {
      keep("parameters", listen(parameters(fit)))
      measures <- listen(unclass(fitMeasures(fit)))
      keep("fit", data.frame(measure = names(measures), value = unname(as.numeric(measures))))
      keep("modification", listen(modification(fit)))
      if (case$group_equal != "") keep("score_tests", listen(score_tests(fit)))
      residual <- listen(by_group(resid(fit, type = "cor"), groups))
      bentler <- listen(by_group(resid(fit, type = "cor.bentler"), groups))
      sample <- listen(by_group(lavInspect(fit, "sampstat"), groups))
      implied <- listen(by_group(fitted(fit), groups))
      r2 <- listen(by_group(lavInspect(fit, "r2"), groups))
      cor_lv <- listen(by_group(lavInspect(fit, "cor.lv"), groups))
      sizes <- lavInspect(fit, "nobs")
      for (g in seq_len(groups)) {
        keep("derived", long("nobs", c(n = sizes[g]), g))
        keep("residuals", long("bollen", residual[[g]]$cov, g, TRUE))
        keep("residuals", long("bentler", bentler[[g]]$cov, g, TRUE))
        keep("residuals", long("bentler", bentler[[g]]$mean, g))
        for (part in c("cov", "mean", "th")) {
          keep("derived", long(paste("sample", part), sample[[g]][[part]], g, TRUE))
          keep("derived", long(paste("implied", part), implied[[g]][[part]], g, TRUE))
        }
        keep("derived", long("r2", r2[[g]], g))
        keep("derived", long("cor.lv", cor_lv[[g]], g, TRUE))
      }
      if (case$input == "") keep("scores", listen(scores(fit, case, groups)))
    }
  }
  if (length(said)) keep("messages", data.frame(text = unique(said)))
}

scores <- function(fit, case, groups) {
  index <- by_group(lavInspect(fit, "case.idx"), groups)
  out <- NULL
  for (method in if (case$ordered == "true") "EBM" else c("regression", "Bartlett")) {
    if (case$ordered == "true" && case$missing == "pairwise") next   # lavaan takes complete answers alone
    found <- lavPredict(fit, method = method, se = if (case$ordered == "true") "none" else "standard")
    error <- attr(found, "se")
    found <- by_group(found, groups)
    for (g in seq_len(groups)) {
      first <- seq_len(min(FIRST, nrow(found[[g]])))
      for (f in colnames(found[[g]])) {
        se <- NA
        if (!is.null(error)) {
          e <- as.matrix(if (length(error) >= g) error[[g]] else error[[1]])
          se <- if (nrow(e) == 1) e[1, match(f, colnames(found[[g]]))] else e[first, match(f, colnames(found[[g]]))]
        }
        out <- rbind(out, data.frame(method, group = g, row = index[[g]][first], factor = f,
                                     score = unname(found[[g]][first, f]), se = unname(se)))
      }
    }
  }
  out
}

# With an argument (a regular expression) only those cases are fitted, and their rows replaced.
chosen <- commandArgs(TRUE)
cases <- read_cases()
order_of_cases <- cases$case
if (length(chosen)) cases <- cases[grepl(chosen[1], cases$case), ]
for (i in seq_len(nrow(cases))) {
  taken <- system.time(record(cases[i, ]))[["elapsed"]]
  message(sprintf("%6.1f s  %s", taken, cases$case[i]))
}
for (table in c("parameters", "fit", "modification", "score_tests", "residuals", "derived", "scores", "messages")) {
  name <- if (table == "messages") "messages.csv" else paste0(table, ".csv.gz")
  rows <- if (length(kept[[table]])) do.call(rbind, kept[[table]])
  if (length(chosen) && file.exists(name)) {
    old <- read.csv(name, na.strings = "", colClasses = if (table == "messages") "character" else NA)
    rows <- rbind(old[!old$case %in% cases$case & old$case %in% order_of_cases, ], rows)
    rows <- rows[order(match(rows$case, order_of_cases)), ]
  }
  write_values(rows, name)
}
