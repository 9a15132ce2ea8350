# Thresholds, polychoric, tetrachoric and polyserial correlations, standard errors, asymptotic covariance.
# Writes polychoric.csv and polychoric_acov.csv. Run from this folder: Rscript polychoric.R
# Needs lavaan, psych, polycor, pbivnorm.
suppressPackageStartupMessages({
  library(lavaan)
  library(psych)
  library(polycor)
})
source("common.R")
set.seed(1)

lavaan_fit <- function(x, ordered, missing, zero.add = c(.5, 0)) {
  suppressWarnings(lavCor(x, ordered = ordered, missing = missing, se = "robust.sem", estimator = "WLSMV",
                          output = "fit", zero.add = zero.add))
}

# lavaan: sample statistics and, from Gamma, the standard errors sqrt(diag(Gamma) / n).
from_lavaan <- function(name, x, ordered, missing, model = "two-step", se = TRUE, acov = FALSE, ...) {
  basis <- paste("polychoric", missing)
  fit <- lavaan_fit(x, ordered, missing, ...)
  n <- lavInspect(fit, "nobs")
  found <- lavInspect(fit, "sampstat")
  keep(name, basis, model, "lavaan", "n", n)
  covariance <- unclass(found$cov)
  keep(name, basis, model, "lavaan", "correlation", cov2cor(covariance), upper = TRUE)
  continuous <- setdiff(names(x), ordered) # lavaan keeps their variances, so Gamma holds covariances of these
  keep(name, basis, model, "lavaan", "variance", diag(covariance)[continuous])
  th <- unclass(found$th)
  keep(name, basis, model, "lavaan", "threshold", th)
  if (!se) return(invisible())
  gamma <- unclass(lavInspect(fit, "gamma"))
  keep(name, basis, model, "lavaan", "se", sqrt(diag(gamma) / n))
  if (acov) {
    gamma[upper.tri(gamma)] <- NA
    keep(name, basis, model, "lavaan", "gamma", gamma)
  }
}

from_formula <- function(name, x, missing) {
  if (missing == "listwise") x <- na.omit(x)
  found <- exact_polychoric(x)
  basis <- paste("polychoric", missing)
  keep(name, basis, "two-step", "formula", "correlation", found$r, upper = TRUE)
  for (item in names(x)) {
    cut <- found$thresholds[[item]]
    names(cut) <- paste0(item, "|t", seq_along(cut))
    keep(name, basis, "two-step", "formula", "threshold", cut)
  }
  if (!anyNA(found$r)) keep(name, basis, "two-step", "formula", "smallest eigenvalue", min(eigen(found$r)$values))
}

from_psych <- function(name, x, missing, correct) {
  if (missing == "listwise") x <- na.omit(x)
  found <- try(suppressWarnings(suppressMessages(
    psych::polychoric(x, correct = correct, smooth = FALSE, max.cat = 12, progress = FALSE))), silent = TRUE)
  if (inherits(found, "try-error")) return(invisible())
  keep(name, paste("polychoric", missing), paste0("correct=", correct), "psych", "correlation", found$rho, upper = TRUE)
}

sets <- c("clean", "mixed", "skewed", "small", "large36", "crossloadings", "binary", "ten", "reversed", "heywood",
          "bifactor", "one", "nonpd", "emptycell")
for (name in sets) {
  x <- read_set(name)
  from_lavaan(name, x, names(x), "listwise")
  from_formula(name, x, "listwise")
  if (name != "large36") {
    from_psych(name, x, "listwise", 0)
    if (name %in% c("mixed", "skewed", "binary")) from_psych(name, x, "listwise", .5)
  }
}
x <- read_set("missing5")
for (missing in c("listwise", "pairwise")) {
  from_lavaan("missing5", x, names(x), missing)
  from_formula("missing5", x, missing)
  from_psych("missing5", x, missing, 0)
}
pairs <- crossprod(!is.na(x))
keep("missing5", "polychoric pairwise", "two-step", "formula", "n_pairs", pairs, upper = TRUE)

# Empty cells of 2 x 2 tables: lavaan's default above adds .5 to an empty cell and keeps the margins; here nothing.
x <- read_set("emptycell")
from_lavaan("emptycell", x, names(x), "listwise", model = "two-step zero.add=0", se = FALSE, zero.add = c(0, 0))
for (correct in c(0, .5)) {
  found <- suppressWarnings(psych::tetrachoric(x, correct = correct, smooth = FALSE))
  keep("emptycell", "polychoric listwise", paste0("tetrachoric correct=", correct), "psych", "correlation", found$rho,
       upper = TRUE)
}
x <- read_set("binary")
found <- psych::tetrachoric(x, correct = 0, smooth = FALSE)
keep("binary", "polychoric listwise", "tetrachoric correct=0", "psych", "correlation", found$rho, upper = TRUE)

# Smoothing: lavaan's matrix of nonpd and psych's eigenvalue smoothing of it.
x <- read_set("nonpd")
r <- unclass(lavInspect(lavaan_fit(x, names(x), "listwise"), "sampstat")$cov)
keep("nonpd", "polychoric listwise", "two-step", "lavaan", "smallest eigenvalue", min(eigen(r)$values))
smooth <- suppressWarnings(psych::cor.smooth(r))
dimnames(smooth) <- dimnames(r)
keep("nonpd", "polychoric listwise", "cor.smooth of lavaan", "psych", "correlation", smooth, upper = TRUE)

# polycor, a few pairs: two-step and full ML (thresholds estimated with the correlation), its own standard errors.
for (name in c("clean", "mixed", "skewed")) {
  x <- read_set(name)
  for (pair in list(c(1, 2), c(1, 5), c(2, 8))) for (ml in c(FALSE, TRUE)) {
    found <- try(suppressWarnings(polychor(x[[pair[1]]], x[[pair[2]]], ML = ml, std.err = TRUE,
                                           control = list(reltol = 1e-13, maxit = 300))), silent = TRUE)
    if (inherits(found, "try-error")) next
    model <- if (ml) "ml" else "two-step"
    one <- function(v) matrix(v, 1, 1, dimnames = list(names(x)[pair[1]], names(x)[pair[2]]))
    keep(name, "polychoric listwise", model, "polycor", "correlation", one(found$rho))
    keep(name, "polychoric listwise", model, "polycor", "se", one(sqrt(as.matrix(found$var)[1, 1])))
    keep(name, "polychoric listwise", model, "polycor", "chisq", one(found$chisq))
    keep(name, "polychoric listwise", model, "polycor", "df", one(found$df))
  }
}

# Continuous and ordinal together: lavaan, polycor and psych polyserial. By formula: two-step ML (Olsson, Drasgow &
# Dorans 1982), the continuous column standardised with n, thresholds from the margins, r by optimisation.
two_step_polyserial <- function(y, o) {
  z <- (y - mean(y)) / sqrt(mean((y - mean(y))^2))
  cut <- c(-Inf, thresholds(o), Inf)
  k <- as.integer(factor(o))
  slope <- function(r) {
    scaled <- function(t) (t - r * z) / sqrt(1 - r^2)
    upper <- scaled(cut[k + 1])
    lower <- scaled(cut[k])
    turned <- function(t, at) ifelse(is.finite(at), dnorm(t) * (at * r - z), 0)
    sum((turned(upper, cut[k + 1]) - turned(lower, cut[k])) / (pnorm(upper) - pnorm(lower)))
  }
  uniroot(slope, c(-.99, .99), tol = 1e-15, maxiter = 1000)$root
}
x <- read_set("polyserial")
ordered <- c("o5", "o3", "o2")
from_lavaan("polyserial", x, ordered, "listwise")
for (continuous in c("c1", "c2", "c3")) for (item in ordered) {
  one <- function(v) matrix(v, 1, 1, dimnames = list(continuous, item))
  keep("polyserial", "polychoric listwise", "two-step", "formula", "correlation",
       one(two_step_polyserial(x[[continuous]], x[[item]])))
  for (ml in c(FALSE, TRUE)) {
    found <- polyserial(x[[continuous]], x[[item]], ML = ml, std.err = TRUE, control = list(reltol = 1e-13, maxit = 300))
    model <- paste("polyserial", if (ml) "ml" else "two-step")
    keep("polyserial", "polychoric listwise", model, "polycor", "correlation", one(found$rho))
    keep("polyserial", "polychoric listwise", model, "polycor", "se", one(sqrt(as.matrix(found$var)[1, 1])))
  }
  keep("polyserial", "polychoric listwise", "polyserial", "psych", "correlation",
       one(psych::polyserial(x[, continuous, drop = FALSE], x[, item, drop = FALSE])[1]))
}
save_values("polychoric.csv")

# The asymptotic covariance of thresholds and correlations, lower triangle with diagonal, lavaan's Gamma (n times the
# covariance). Order of lavaan: thresholds item by item, then correlations column by column of the lower triangle.
for (name in c("heywood", "binary", "mixed", "skewed")) {
  x <- read_set(name)
  from_lavaan(name, x, names(x), "listwise", acov = TRUE)
}
x <- read_set("missing5")[, 1:5]
for (missing in c("listwise", "pairwise")) from_lavaan("missing5", x, names(x), missing, model = "i1-i5", acov = TRUE)
from_lavaan("polyserial", read_set("polyserial"), ordered, "listwise", acov = TRUE)
.kept$rows <- lapply(.kept$rows, function(rows) rows[rows$quantity %in% c("gamma", "n"), ])
save_values("polychoric_acov.csv")
