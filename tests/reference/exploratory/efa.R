# Factorability, extraction and fit. Writes efa.csv and correlations.csv. Run from this folder: Rscript efa.R
# Needs psych, pbivnorm. "formula" minres and ml are the optimum to a slope of 1e-12 (common.R); psych's own values
# stand beside them at psych's tolerance.
suppressPackageStartupMessages(library(psych))
source("common.R")
set.seed(2)
quiet <- function(x) suppressWarnings(suppressMessages(x))

# The noncentrality at which P(chi-square <= chisq) is `share`; 0 where the central distribution is already below it.
noncentrality <- function(chisq, df, share) {
  if (pchisq(chisq, df) <= share) return(0)
  high <- chisq + 10
  while (pchisq(chisq, df, ncp = high) > share) high <- high * 2
  uniroot(function(x) pchisq(chisq, df, ncp = x) - share, c(0, high), tol = 1e-12, maxiter = 1000)$root
}

# Fit by formula from loadings (any extraction), as psych defines it.
fit_measures <- function(r, loadings, n) {
  p <- nrow(r)
  m <- ncol(loadings)
  model <- tcrossprod(loadings)
  residual <- r - model
  diag(model) <- 1
  objective <- sum(diag(solve(model, r))) - log(det(solve(model, r))) - p
  df <- p * (p - 1) / 2 - p * m + m * (m - 1) / 2
  chisq <- (n - 1 - (2 * p + 5) / 6 - 2 * m / 3) * objective # Bartlett's factor
  off <- residual[lower.tri(residual)]
  null_objective <- -log(det(r))
  null_chisq <- (n - 1 - (2 * p + 5) / 6) * null_objective
  null_df <- p * (p - 1) / 2
  list(objective = objective, df = df, chisq = chisq, pvalue = pchisq(chisq, df, lower.tail = FALSE),
       null_objective = null_objective, null_chisq = null_chisq, null_df = null_df,
       # Tucker & Lewis (1973), as psych: discrepancies per degree of freedom against 1 / n', n' with Bartlett's factor
       tli = (null_objective / null_df - objective / df) /
         (null_objective / null_df - 1 / (n - 1 - (2 * p + 5) / 6 - 2 * m / 3)),
       tli_from_chisq = (null_chisq / null_df - chisq / df) / (null_chisq / null_df - 1),
       rmsea = sqrt(max(chisq / (df * n) - 1 / (n - 1), 0)), # psych's, n once and n - 1 once
       rmsea_ci_low_90 = sqrt(noncentrality(chisq, df, .95) / ((n - 1) * df)),
       rmsea_ci_high_90 = sqrt(noncentrality(chisq, df, .05) / ((n - 1) * df)),
       rmsea_n_minus_1 = sqrt(max(chisq - df, 0) / (df * (n - 1))),
       sabic = chisq - df * log((n + 2) / 24),
       cfi = 1 - max(chisq - df, 0) / max(chisq - df, null_chisq - null_df, 0),
       bic = chisq - df * log(n),
       rmsr = sqrt(sum(off^2) / length(off)), rmsr_corrected = if (df > 0) sqrt(sum(off^2) / df) else NA,
       residual_sum_of_squares = sum(off^2), # minres's discrepancy: each pair once
       empirical_chisq = 2 * n * sum(off^2)) # both triangles, times n
}

for (analysis in analyses) {
  name <- analysis[[1]]
  m <- analysis[[2]]
  found <- matrices(name)
  for (basis in names(found)) {
    r <- found[[basis]]$r
    n <- found[[basis]]$n
    keep(name, basis, "", "formula", "correlation", r, upper = TRUE)
    keep(name, basis, "", "formula", "n", n)
  }
}
save_values("correlations.csv")

for (analysis in analyses) {
  name <- analysis[[1]]
  m <- analysis[[2]]
  found <- matrices(name)
  for (basis in names(found)) {
    r <- found[[basis]]$r
    n <- found[[basis]]$n
    values <- eigen(r, symmetric = TRUE)$values
    names(values) <- paste0("e", seq_along(values))
    keep(name, basis, "", "eigen", "eigenvalue", values)
    reduced <- r
    diag(reduced) <- 1 - 1 / diag(solve(r))
    keep(name, basis, "", "formula", "smc", diag(reduced))
    values <- eigen(reduced, symmetric = TRUE)$values
    names(values) <- paste0("e", seq_along(values))
    keep(name, basis, "", "eigen", "eigenvalue with smc on the diagonal", values)
    kmo <- KMO(r)
    keep(name, basis, "", "psych", "kmo", kmo$MSA)
    keep(name, basis, "", "psych", "kmo item", kmo$MSAi)
    bartlett <- cortest.bartlett(r, n = n)
    keep_all(name, basis, "", "psych", `bartlett chisq` = unname(bartlett$chisq), `bartlett df` = unname(bartlett$df),
             `bartlett pvalue` = unname(bartlett$p.value))
    # the p-value underflows to 0 in most sets; its logarithm does not
    keep(name, basis, "", "formula", "bartlett log pvalue",
         pchisq(unname(bartlett$chisq), unname(bartlett$df), lower.tail = FALSE, log.p = TRUE))

    for (method in c("minres", "ml")) {
      exact <- extract(r, m, method)
      exact$loadings <- canonical(exact$loadings)$loadings # by sum of squares, as psych; column sums positive
      keep(name, basis, method, "formula", "loading", exact$loadings)
      keep(name, basis, method, "formula", "uniqueness parameter", exact$psi)
      keep(name, basis, method, "formula", "communality", rowSums(exact$loadings^2))
      keep_all(name, basis, method, "formula", criterion = exact$value, slope = exact$slope, at_bound = exact$at_bound)
      ss <- colSums(exact$loadings^2)
      keep(name, basis, method, "formula", "variance", ss)
      do.call(keep_all, c(list(name, basis, method, "formula"), fit_measures(r, exact$loadings, n)))
    }
    for (method in c("minres", "ml", "pa")) {
      f <- if (method == "pa") {
        # psych stops after 50 rounds at a change of 1e-3; here the true fixed point
        quiet(fa(r, m, n.obs = n, rotate = "none", fm = "pa", max.iter = 20000, min.err = 1e-12))
      } else {
        quiet(fa(r, m, n.obs = n, rotate = "none", fm = method))
      }
      loadings <- unclass(f$loadings)
      dimnames(loadings) <- list(rownames(r), paste0("f", 1:m))
      keep(name, basis, method, "psych", "loading", loadings)
      keep(name, basis, method, "psych", "communality", f$communality)
      keep(name, basis, method, "psych", "uniqueness", f$uniquenesses)
      keep_all(name, basis, method, "psych", objective = f$objective, chisq = f$STATISTIC, df = f$dof, pvalue = f$PVAL,
               empirical_chisq = f$chi, rmsr = f$rms, rmsr_corrected = f$crms, tli = f$TLI, bic = f$BIC, sabic = f$SABIC,
               null_chisq = f$null.chisq, null_df = f$null.dof, null_objective = f$null.model, fit = f$fit,
               fit_off = f$fit.off)
      if (!is.null(f$RMSEA)) {
        keep_all(name, basis, method, "psych", rmsea = unname(f$RMSEA[1]), rmsea_ci_low_90 = unname(f$RMSEA[2]),
                 rmsea_ci_high_90 = unname(f$RMSEA[3]))
      }
    }
    second <- try(factanal(factors = m, covmat = r, n.obs = n, rotation = "none",
                           control = list(nstart = 5, opt = list(factr = 10, pgtol = 0, maxit = 5000))), silent = TRUE)
    if (!inherits(second, "try-error")) {
      keep(name, basis, "ml", "factanal", "uniqueness parameter", second$uniquenesses)
      keep(name, basis, "ml", "factanal", "criterion", unname(second$criteria["objective"]))
      if (!is.null(second$STATISTIC)) keep(name, basis, "ml", "factanal", "chisq", unname(second$STATISTIC))
    }
  }
}
save_values("efa.csv")
