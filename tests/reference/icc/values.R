# Writes values.csv (dataset, program, quantity, value) and versions.txt for the data sets of data/.
# Run from this folder: Rscript values.R
# Needs multilevel, psych and lme4. Programs and the formulas used beside them:
#   aov         mean squares and degrees of freedom of stats::aov
#   multilevel  ICC1 (mean group size) and ICC2
#   n0          ICC(1) with n0 = (N - sum(n^2)/N) / (J - 1), from aov's mean squares
#   searle      F interval with n0 in place of the common group size, from aov's mean squares and qf
#   wald        exact interval for unequal sizes: the quadratic form of the group means is brought to
#               its eigenvalues and uniroot finds where it equals the F quantile (the package under
#               test goes another way: weighted means and Newton steps); a limit that is below zero,
#               which is the case exactly where F is below its quantile, is searle's
#   psych       ICC1 and ICC1k of psych::ICC(lmer = FALSE), balanced data without missing values only
#   lme4        REML variance components and their ICC(1), balanced data with a positive estimate only

suppressPackageStartupMessages({
  library(multilevel)
  library(psych)
  library(lme4)
})

rows <- list()
keep <- function(dataset, program, ...) {
  found <- list(...)
  rows[[length(rows) + 1]] <<- data.frame(dataset, program, quantity = names(found), value = unlist(found))
}

interval <- function(dataset, program, ratio, n0, level) {
  icc1 <- ratio / (1 + ratio)
  icc2 <- n0 * ratio / (1 + n0 * ratio)
  found <- list(icc1[1], icc1[2], icc2[1], icc2[2])
  names(found) <- paste0(c("icc1_ci_low", "icc1_ci_high", "icc2_ci_low", "icc2_ci_high"), "_", level * 100)
  do.call(keep, c(list(dataset, program), found))
}

wald_ratio <- function(means, sizes, target) {
  contrasts <- contr.helmert(length(sizes))
  contrasts <- sweep(contrasts, 2, sqrt(colSums(contrasts^2)), "/")
  decomposed <- eigen(t(contrasts) %*% diag(1 / sizes) %*% contrasts, symmetric = TRUE)
  z2 <- as.vector(t(decomposed$vectors) %*% t(contrasts) %*% (means - mean(means)))^2
  form <- function(ratio) sum(z2 / (ratio + decomposed$values))
  top <- sum(z2) / target + 1
  root <- uniroot(function(ratio) form(ratio) / target - 1, c(0, top), tol = 1e-14, maxiter = 10000)$root
  for (i in 1:5) root <- root + (form(root) - target) / sum(z2 / (root + decomposed$values)^2)
  root
}

for (path in sort(list.files("data", full.names = TRUE))) {
  name <- sub("\\.csv$", "", basename(path))
  frame <- na.omit(read.csv(path, na.strings = "", colClasses = c("character", "numeric")))
  frame$group <- factor(frame$group)
  sizes <- as.vector(table(frame$group))
  means <- as.vector(tapply(frame$value, frame$group, mean))
  n <- nrow(frame)
  groups <- length(sizes)
  model <- aov(value ~ group, data = frame)
  table <- summary(model)[[1]]
  msb <- table[1, "Mean Sq"]
  msw <- table[2, "Mean Sq"]
  n0 <- (n - sum(sizes^2) / n) / (groups - 1)

  keep(name, "aov", ms_between = msb, ms_within = msw, df_between = table[1, "Df"], df_within = table[2, "Df"],
       n_respondents = n, n_groups = groups, n_singletons = sum(sizes == 1), mean_size = n / groups)
  keep(name, "multilevel", icc1_mean_size = multilevel::ICC1(model), icc2 = multilevel::ICC2(model))
  icc1 <- (msb - msw) / (msb + (n0 - 1) * msw)
  keep(name, "n0", icc1 = icc1, n0 = n0, sd_within = sqrt(msw), var_between = max(0, (msb - msw) / n0), var_within = msw,
       reliability_10 = 10 * max(0, icc1) / (1 + 9 * max(0, icc1)))

  for (level in c(.95, .90)) {
    # the lower limit of the interval belongs to the upper quantile
    quantiles <- qf(c((1 - level) / 2, (1 + level) / 2), groups - 1, n - groups, lower.tail = FALSE)
    searle <- (msb / msw / quantiles - 1) / n0
    interval(name, "searle", searle, n0, level)
    wald <- ifelse(searle > 0, NA, searle)
    for (i in which(searle > 0)) wald[i] <- wald_ratio(means, sizes, quantiles[i] * (groups - 1) * msw)
    interval(name, "wald", wald, n0, level)
  }

  if (length(unique(sizes)) == 1) {
    wide <- do.call(rbind, split(frame$value, frame$group))
    found <- suppressWarnings(psych::ICC(wide, lmer = FALSE))$results
    keep(name, "psych", icc1 = found["Single_raters_absolute", "ICC"], icc2 = found["Average_raters_absolute", "ICC"],
         icc1_ci_low_95 = found["Single_raters_absolute", "lower bound"],
         icc1_ci_high_95 = found["Single_raters_absolute", "upper bound"],
         icc2_ci_low_95 = found["Average_raters_absolute", "lower bound"],
         icc2_ci_high_95 = found["Average_raters_absolute", "upper bound"])
    if (msb > msw) {
      reml <- lmer(value ~ 1 + (1 | group), data = frame, control = lmerControl(optCtrl = list(
        xtol_abs = 1e-12, ftol_abs = 1e-14)))
      found <- as.data.frame(VarCorr(reml))$vcov
      keep(name, "lme4", var_between = found[1], var_within = found[2], icc1 = found[1] / sum(found))
    }
  }
}

values <- do.call(rbind, rows)
values$value <- sprintf("%.17g", values$value)
write.csv(values, "values.csv", row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("multilevel", packageVersion("multilevel")), paste("psych", packageVersion("psych")),
             paste("lme4", packageVersion("lme4")), paste("values written", format(Sys.Date()))), "versions.txt")
