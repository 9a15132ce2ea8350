# HTMT, AVE, composite reliability, omegas and explained common variance. Run from this folder: Rscript validity.R
# Writes validity.csv. Program "semTools", or "formula" for what is written out here from lavaan's estimates.
suppressPackageStartupMessages({ library(lavaan); library(semTools) })
source("common.R")
cases <- read_cases()
rows <- list()
keep <- function(case, program, quantity, row, column, value)
  rows[[length(rows) + 1]] <<- data.frame(case, program, quantity, row, column, value = unname(value))
keep_vector <- function(case, quantity, x, program = "semTools") if (length(x)) keep(case, program, quantity, names(x), "", as.numeric(x))

# -- heterotrait-monotrait ratios --------------------------------------------------------------------------------------
for (set in list(c("continuous", "three"), c("ordinal3", "three"), c("ordinal5", "four"), c("ordinal7", "two6"), c("large36", "six"),
                 c("continuous_missing", "three")))
  for (ordered in c(FALSE, TRUE)) for (second in c(FALSE, TRUE)) {
    if (ordered && grepl("continuous", set[1])) next
    x <- read_set(set[1])[, items_of(model_text(set[2]))]
    x <- x[complete.cases(x), ]
    h <- listening(htmt(model_text(set[2]), x, ordered = if (ordered) names(x), htmt2 = second, absolute = TRUE))
    for (text in h$said) message(set[1], " ", ordered, " ", second, ": ", text)
    if (is.null(h$value)) next
    m <- unclass(h$value); use <- lower.tri(m)
    keep(paste(set, collapse = " "), "semTools", paste(if (second) "htmt2" else "htmt", if (ordered) "polychoric" else "pearson"),
         rownames(m)[row(m)[use]], colnames(m)[col(m)[use]], m[use])
  }

# -- reliability and average variance extracted ------------------------------------------------------------------------
fit_of <- function(name) fit_of_case(cases[cases$case == name, ])
for (name in c("continuous three ml", "continuous three ml std_lv", "continuous three_residual ml", "continuous three_residual mlr",
               "ordinal2 one8 wlsmv", "ordinal3 three wlsmv", "ordinal3 three wlsmv theta std_lv", "ordinal5 four wlsmv",
               "ordinal7 two6_residual wlsmv", "mixed two8 wlsmv", "large36 six wlsmv")) {
  fit <- fit_of(name)
  ordered <- grepl("wlsmv", name)
  for (observed in c(TRUE, FALSE)) {
    label <- if (observed) "observed" else "implied"
    h <- listening(compRelSEM(fit, obs.var = observed)); for (t in h$said) message(name, ": ", t)
    keep_vector(name, paste("omega", label), h$value)
    h <- listening(AVE(fit, obs.var = observed)); for (t in h$said) message(name, ": ", t)
    keep_vector(name, paste("ave", label), h$value)
  }
  if (ordered) keep_vector(name, "omega latent responses", listening(compRelSEM(fit, ord.scale = FALSE))$value)
  # from the standardised solution alone: AVE = mean of squared loadings, CR = (sum l)^2 / ((sum l)^2 + sum of residual (co)variances)
  s <- standardizedSolution(fit)
  for (f in unique(s$lhs[s$op == "=~"])) {
    l <- s$est.std[s$op == "=~" & s$lhs == f]; items <- s$rhs[s$op == "=~" & s$lhs == f]
    keep(name, "formula", "ave standardized", f, "", mean(l^2))
    residual <- s[s$op == "~~" & s$lhs %in% items & s$rhs %in% items, ]
    theta <- sum(residual$est.std[residual$lhs == residual$rhs])
    lambda <- setNames(l, items)
    correlated <- residual[residual$lhs != residual$rhs, ]
    # standardizedSolution gives residual correlations: back to covariances of standardised items
    if (nrow(correlated)) theta <- theta + 2 * sum(correlated$est.std * sqrt(1 - lambda[correlated$lhs]^2) * sqrt(1 - lambda[correlated$rhs]^2))
    keep(name, "formula", "cr standardized", f, "", sum(l)^2 / (sum(l)^2 + theta))
  }
}

# -- bifactor and second-order models ----------------------------------------------------------------------------------
for (name in c("bifactor bifactor mlr", "bifactor bifactor wlsmv", "large36 six_bifactor wlsmv")) {
  fit <- fit_of(name)
  s <- standardizedSolution(fit)
  load <- s[s$op == "=~", ]
  loadings <- tapply(load$est.std, list(factor(load$rhs, unique(load$rhs)), factor(load$lhs, unique(load$lhs))), sum, default = 0)
  total <- sum(loadings %*% t(loadings)) + sum(1 - rowSums(loadings^2))
  keep(name, "formula", "omega_hierarchical standardized", "general", "", sum(loadings[, "general"])^2 / total)
  keep(name, "formula", "omega_total standardized", "general", "", sum(colSums(loadings)^2) / total)
  keep(name, "formula", "ecv", "general", "", sum(loadings[, "general"]^2) / sum(loadings^2))
  for (g in setdiff(colnames(loadings), "general")) {
    l <- loadings[loadings[, g] != 0, ]
    own <- sum(colSums(l)^2) + sum(1 - rowSums(l^2))
    keep(name, "formula", "omega_total standardized", g, "", sum(colSums(l)^2) / own)
    keep(name, "formula", "omega_hierarchical standardized", g, "", sum(l[, g])^2 / own)
    keep(name, "formula", "ecv", g, "", sum(l[, g]^2) / sum(loadings^2))
  }
  keep(name, "formula", "item ecv", rownames(loadings), "", loadings[, "general"]^2 / rowSums(loadings^2))
  for (observed in c(TRUE, FALSE)) {
    label <- if (observed) "observed" else "implied"
    h <- listening(compRelSEM(fit, obs.var = observed)); for (t in h$said) message(name, ": ", t)
    keep_vector(name, paste("omega", label), h$value)
    h <- listening(compRelSEM(fit, obs.var = observed, return.total = TRUE)); for (t in h$said) message(name, ": ", t)
    keep_vector(name, paste("omega with total", label), h$value)
  }
  if (grepl("wlsmv", name)) keep_vector(name, "omega latent responses", listening(compRelSEM(fit, ord.scale = FALSE))$value)
}
for (name in c("ordinal5 second_order ml", "ordinal5 second_order wlsmv")) {
  h <- listening(compRelSEM(fit_of(name), higher = "general")); for (t in h$said) message(name, ": ", t)
  keep_vector(name, "omega higher observed", h$value)
  h <- listening(compRelSEM(fit_of(name), higher = "general", obs.var = FALSE)); for (t in h$said) message(name, ": ", t)
  keep_vector(name, "omega higher implied", h$value)
}
write_values(do.call(rbind, rows), "validity.csv")
