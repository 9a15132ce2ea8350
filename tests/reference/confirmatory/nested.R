# Difference tests of nested models with lavTestLRT. Run from this folder: Rscript nested.R
# Writes nested.csv: each row two rows of cases.csv (restricted inside free), a method and its statistic.
suppressPackageStartupMessages(library(lavaan))
source("common.R")
cases <- read_cases()
fits <- new.env()
fit_of <- function(name) {
  if (is.null(fits[[name]])) fits[[name]] <- listening(fit_of_case(cases[cases$case == name, ]))$value
  fits[[name]]
}
rows <- list()
compare <- function(restricted, free, method, ...) {
  h <- listening(lavTestLRT(fit_of(restricted), fit_of(free), method = method, ...))
  for (text in h$said) message(restricted, " / ", free, " ", method, ": ", text)
  options <- list(...)
  d <- if (is.null(h$value)) rep(NA_real_, 3) else unlist(as.data.frame(h$value)[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])
  rows[[length(rows) + 1]] <<- data.frame(
    restricted, free, method, a_method = if (is.null(options$A.method)) "" else options$A.method,
    scaled_shifted = if (is.null(options$scaled.shifted)) "" else tolower(options$scaled.shifted),
    chisq_diff = d[1], df_diff = d[2], pvalue = d[3], text = paste(h$said, collapse = " "))
}
steps <- c("configural", "metric", "scalar", "strict")
for (i in 2:4) {
  compare(paste("groups3 two6 ml", steps[i]), paste("groups3 two6 ml", steps[i - 1]), "default")
  compare(paste("groups3 two6 mlr", steps[i]), paste("groups3 two6 mlr", steps[i - 1]), "satorra.bentler.2001")
}
compare("groups3 two6 ml means", "groups3 two6 ml scalar", "default")
robust <- rbind(c("groups3 two6 mlr strict", "groups3 two6 mlr configural"),
                c("groups3 two6 mlr scalar", "groups3 two6 mlr configural"),
                c("groups2_missing two6 mlr fiml scalar", "groups2_missing two6 mlr fiml configural"),
                c("misspecified one8 mlr", "misspecified two8 mlr"),
                c("ordinal5 second_order mlr std_lv", "ordinal5 four mlr"),
                c("teams one9 mlr cluster std_lv", "teams three mlr cluster"))
for (i in seq_len(nrow(robust))) {
  compare(robust[i, 1], robust[i, 2], "satorra.bentler.2001")
  compare(robust[i, 1], robust[i, 2], "satorra.2000", A.method = "delta", scaled.shifted = FALSE)
  compare(robust[i, 1], robust[i, 2], "satorra.2000", A.method = "delta", scaled.shifted = TRUE)
}
ordinal <- rbind(c("ordinal3 one9 wlsmv", "ordinal3 three wlsmv"),
                 c("ordinal3 three wlsmv", "ordinal3 three_cross wlsmv"),
                 c("ordinal5 second_order wlsmv", "ordinal5 four wlsmv"),
                 c("ordinal5 four wlsmv orthogonal", "ordinal5 four wlsmv"),
                 c("ordinal5_missing second_order wlsmv pairwise", "ordinal5_missing four wlsmv pairwise"),
                 c("ordinal7 two6 wlsmv", "ordinal7 two6_residual wlsmv"),
                 c("mixed one8 wlsmv", "mixed two8 wlsmv"),
                 c("large36 one36 wlsmv", "large36 six wlsmv"),
                 c("large36 six_second_order wlsmv", "large36 six wlsmv"),
                 c("groups3_ordinal5 two8 wlsmv metric", "groups3_ordinal5 two8 wlsmv configural"),
                 c("groups3_ordinal5 two8 wlsmv residuals", "groups3_ordinal5 two8 wlsmv loadings"))
for (i in seq_len(nrow(ordinal)))
  for (shifted in c(TRUE, FALSE)) compare(ordinal[i, 1], ordinal[i, 2], "satorra.2000", A.method = "delta", scaled.shifted = shifted)
write_values(do.call(rbind, rows), "nested.csv")
