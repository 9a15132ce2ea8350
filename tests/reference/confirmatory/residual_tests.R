# lavaan's residuals in units of their standard errors, for some rows of cases.csv. Run from this folder:
# Rscript residual_tests.R. Writes residual_tests.csv.gz: case, group, row, column, value (the lower triangle).
source("common.R")
chosen <- c("continuous three ml", "continuous three mlr", "continuous three_residual mlr", "continuous_missing three ml fiml",
            "continuous_missing three mlr fiml", "misspecified two8 ml", "small three mlr", "groups3 two6 ml configural",
            "groups3 two6 mlr configural", "ordinal3 three wlsmv", "ordinal5 four wlsmv",
            "ordinal5 second_order wlsmv", "ordinal5_missing four wlsmv pairwise", "mixed two8 wlsmv")
cases <- read_cases()
stopifnot(chosen %in% cases$case)
rows <- list()
for (name in chosen) {
  fit <- listening(fit_of_case(cases[cases$case == name, ]))$value
  heard <- listening(residuals(fit, type = "standardized"))
  found <- heard$value
  if (lavInspect(fit, "ngroups") == 1) found <- list(found)
  for (g in seq_along(found)) {
    z <- unclass(found[[g]]$cov)
    use <- lower.tri(z, diag = TRUE)
    rows[[length(rows) + 1]] <- data.frame(case = name, group = g, row = rownames(z)[row(z)[use]],
                                           column = colnames(z)[col(z)[use]], value = z[use])
  }
}
write_values(do.call(rbind, rows), "residual_tests.csv.gz")
