# lavaan on the first replications of tests/benchmarks/confirmatory_monte_carlo.py. Run from this folder, after
#   python ../../benchmarks/confirmatory_monte_carlo.py --export FOLDER --replications 40
# as: Rscript monte_carlo.R FOLDER 40. Writes monte_carlo.csv.gz. WLSMV with teams named is left out: lavaan 0.6-14
# takes cluster= for ordered items and gives the errors of independent people.
source("common.R")
chosen <- commandArgs(TRUE)
folder <- chosen[1]
replications <- as.integer(chosen[2])
model <- paste(sapply(1:3, function(k) paste0("f", k, " =~ ", paste0("x", 4 * k - 3:0, collapse = " + "))), collapse = "\n")
truth <- c(rep(c(0.8, 0.7, 0.6, 0.7), 3), 0.5, 0.3, 0.4)
names(truth) <- c(paste0("f", rep(1:3, each = 4), "=~x", 1:12), "f1~~f2", "f1~~f3", "f2~~f3")
rows <- list()
for (estimator in c("wlsmv", "mlr")) for (n in c(300, 1000)) for (situation in c("people", "teams ignored", "teams named")) {
  if (estimator == "wlsmv" && situation == "teams named") next
  for (replication in seq_len(replications) - 1) {
    name <- paste0(paste(estimator, n, if (situation == "people") "people" else "teams", replication, sep = "_"), ".csv")
    x <- read.csv(file.path(folder, name))
    options <- list(model, x, estimator = toupper(estimator), std.lv = TRUE)
    if (estimator == "wlsmv") options$ordered <- paste0("x", 1:12)
    if (situation == "teams named") options$cluster <- "team"
    fit <- listening(do.call("cfa", options))$value
    converged <- !is.null(fit) && lavInspect(fit, "converged")
    row <- data.frame(estimator, n, situation, replication, converged = as.integer(converged), chisq = NA_real_, scaled = NA_real_,
                      df = NA_integer_, pvalue = NA_real_, covered = "")
    if (converged) {
      test <- lavInspect(fit, "test")
      table <- parameterEstimates(fit)
      at <- match(names(truth), paste0(table$lhs, table$op, table$rhs))
      row$chisq <- test[[1]]$stat
      row$scaled <- test[[2]]$stat
      row$df <- test[[2]]$df
      row$pvalue <- test[[2]]$pvalue
      row$covered <- paste(as.integer(table$ci.lower[at] <= truth & truth <= table$ci.upper[at]), collapse = "")
    }
    rows[[length(rows) + 1]] <- row
  }
  message(estimator, " ", n, " ", situation)
  write_values(do.call(rbind, rows), "monte_carlo.csv.gz")
}
