# Test-retest: ICC, measurement error, smallest detectable change. Writes retest.csv. Run from this folder: Rscript retest.R
# Needs psych, lme4.
suppressPackageStartupMessages(library(psych))
source("common.R")

for (name in c("retest", "retest3", "retest_missing")) {
  x <- na.omit(read_set(name))
  basis <- if (name == "retest_missing") "listwise" else ""
  n <- nrow(x)
  k <- ncol(x)
  keep_all(name, basis, "", "formula", n = n, n_occasions = k)
  for (level in c(.95, .90)) {
    found <- psych::ICC(x, lmer = FALSE, alpha = 1 - level)$results
    for (row in seq_len(nrow(found))) {
      keep_all(name, basis, found$type[row], "psych", icc = found$ICC[row], f = found$F[row], df1 = found$df1[row],
               df2 = found$df2[row], pvalue = found$p[row])
      keep(name, basis, found$type[row], "psych", paste0("ci_low_", 100 * level), found[["lower bound"]][row])
      keep(name, basis, found$type[row], "psych", paste0("ci_high_", 100 * level), found[["upper bound"]][row])
    }
  }
  # Two-way analysis of variance: people, occasions, error; variance components and measurement error (de Vet 2011).
  long <- data.frame(value = unlist(x), person = factor(rep(seq_len(n), k)), occasion = factor(rep(seq_len(k), each = n)))
  ms <- summary(aov(value ~ person + occasion, long))[[1]][["Mean Sq"]]
  person <- (ms[1] - ms[3]) / k
  occasion <- max(0, (ms[2] - ms[3]) / n)
  agreement <- sqrt(occasion + ms[3])
  consistency <- sqrt(ms[3])
  within <- mean(apply(x, 1, var))
  keep_all(name, basis, "anova", "formula", ms_person = ms[1], ms_occasion = ms[2], ms_error = ms[3], var_person = person,
           var_occasion = occasion, var_error = ms[3], sem_agreement = agreement, sem_consistency = consistency,
           sem_within = sqrt(within), # one-way: square root of the mean within-person variance
           sdc_agreement = 1.96 * sqrt(2) * agreement, sdc_consistency = 1.96 * sqrt(2) * consistency,
           sdc_group_agreement = 1.96 * sqrt(2) * agreement / sqrt(n))
  if (k == 2) {
    change <- x[[2]] - x[[1]]
    reliability <- psych::ICC(x, lmer = FALSE)$results$ICC[2]
    keep_all(name, basis, "bland-altman", "formula", bias = mean(change), sd_change = sd(change),
             sem_from_change = sd(change) / sqrt(2), limit_low = mean(change) - 1.96 * sd(change),
             limit_high = mean(change) + 1.96 * sd(change), retest_r = cor(x[[1]], x[[2]]),
             sem_from_icc2 = sd(unlist(x)) * sqrt(1 - reliability), sem_from_icc2_first = sd(x[[1]]) * sqrt(1 - reliability))
  }
}
# Everyone, also those with one answer: REML, as psych does with lmer = TRUE and missing = FALSE.
x <- read_set("retest_missing")
found <- suppressMessages(psych::ICC(x, lmer = TRUE, missing = FALSE))$results
for (row in seq_len(nrow(found))) keep(name, "all answers", found$type[row], "psych lmer", "icc", found$ICC[row])
save_values("retest.csv")
