# Ladders of measurement invariance with semTools::measEq.syntax. Run from this folder: Rscript invariance.R
# Writes invariance.csv (fit of each step and the test against the step before) and invariance_parameters.csv.gz.
suppressPackageStartupMessages({ library(lavaan); library(semTools) })
source("common.R")
measures <- c("npar", "chisq", "df", "pvalue", "chisq.scaled", "pvalue.scaled", "chisq.scaling.factor", "cfi", "tli", "rmsea",
              "srmr", "cfi.scaled", "tli.scaled", "rmsea.scaled", "cfi.robust", "tli.robust", "rmsea.robust", "aic", "bic")
rows <- list(); estimates <- list()

ladder <- function(name, model, estimator, steps, parameterization = "delta", missing = "listwise", items) {
  x <- read_set(name)
  ordered <- estimator == "wlsmv"
  before <- NULL
  for (step in names(steps)) {
    equal <- if (steps[[step]] == "") "" else strsplit(steps[[step]], " ")[[1]]
    common <- list(data = x, group = "site", estimator = toupper(estimator), missing = missing)
    common <- c(common, TIGHT)
    arguments <- if (ordered) {
      syntax <- measEq.syntax(model_text(model), data = x, ordered = items, parameterization = parameterization,
                              ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "site", group.equal = equal)
      c(list(as.character(syntax), ordered = items, parameterization = parameterization), common)
    } else {
      c(list(model_text(model), std.lv = TRUE, meanstructure = TRUE, group.equal = equal), common)
    }
    heard <- listening(do.call("cfa", arguments))
    fit <- heard$value
    said <- heard$said
    if (!lavInspect(fit, "converged")) {   # lavaan starts ordinal intercepts and scales far off; the step before is a better start
      fit <- listening(do.call("cfa", c(arguments, list(start = before))))$value
      said <- c(said, "started at the step before")
    }
    converged <- lavInspect(fit, "converged")
    key <- data.frame(data = name, model, estimator, parameterization = if (ordered) parameterization else "", missing, step)
    if (!converged) {
      rows[[length(rows) + 1]] <<- cbind(key, measure = "converged", value = 0)
      message(name, " ", estimator, " ", parameterization, " ", step, ": ", paste(unique(said), collapse = " "))
      before <- NULL
      next
    }
    found <- unclass(fitMeasures(fit))[measures]
    rows[[length(rows) + 1]] <<- cbind(key, measure = measures, value = unname(found))[!is.na(found), ]
    table <- parameterEstimates(fit, remove.system.eq = TRUE, remove.eq = TRUE)
    table <- table[!(table$op %in% c("==", "~*~") & table$se == 0), ]
    estimates[[length(estimates) + 1]] <<- cbind(key, table[, c("lhs", "op", "rhs", "group", "est", "se")], row.names = NULL)
    if (!is.null(before)) {
      kinds <- if (ordered) list(list("satorra.2000", TRUE), list("satorra.2000", FALSE)) else
               if (estimator == "mlr") list(list("satorra.bentler.2001", FALSE)) else list(list("default", FALSE))
      for (kind in kinds) {
        h <- listening(if (kind[[1]] == "satorra.2000") lavTestLRT(before, fit, method = kind[[1]], A.method = "delta", scaled.shifted = kind[[2]])
                       else lavTestLRT(before, fit, method = kind[[1]]))
        said <- c(said, h$said)
        d <- if (is.null(h$value)) rep(NA_real_, 3) else unlist(as.data.frame(h$value)[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])
        label <- if (kind[[1]] == "satorra.2000" && !kind[[2]]) c("chisq_diff unshifted", "df_diff unshifted", "pvalue_diff unshifted") else
                 c("chisq_diff", "df_diff", "pvalue_diff")
        rows[[length(rows) + 1]] <<- cbind(key, measure = label, value = unname(d))[!is.na(d), ]
      }
    }
    for (text in unique(said)) message(name, " ", estimator, " ", parameterization, " ", step, ": ", text)
    before <- fit
  }
}
continuous <- list(configural = "", metric = "loadings", scalar = "loadings intercepts",
                   strict = "loadings intercepts residuals", means = "loadings intercepts residuals means")
ladder("groups3", "two6", "ml", continuous)
ladder("groups3", "two6", "mlr", continuous)
ladder("groups2_missing", "two6", "mlr", continuous[1:4], missing = "fiml")
x8 <- paste0("x", 1:8)
full <- list(configural = "", thresholds = "thresholds", loadings = "thresholds loadings",
             intercepts = "thresholds loadings intercepts", residuals = "thresholds loadings intercepts residuals",
             means = "thresholds loadings intercepts residuals means")
binary <- c("configural", "intercepts", "residuals", "means")   # two categories: everything up to intercepts at once
for (parameterization in c("theta", "delta")) {
  # residual variances are parameters of theta alone
  here <- if (parameterization == "theta") names(full) else setdiff(names(full), c("residuals", "means"))
  for (categories in c(5, 3, 2)) {
    steps <- full[if (categories == 2) intersect(binary, here) else here]
    ladder(paste0("groups3_ordinal", categories), "two8", "wlsmv", steps, parameterization, items = x8)
  }
}
parameterization <- "theta"   # measEq.syntax looks for the argument by its name from here
ladder("groups2_ordinal5_missing", "two8", "wlsmv", full, parameterization, missing = "pairwise", items = x8)
write_values(do.call(rbind, rows), "invariance.csv")
write_values(do.call(rbind, estimates), "invariance_parameters.csv.gz")
