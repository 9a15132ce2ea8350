# Alpha, omega, Schmid-Leiman. Writes reliability.csv. Run from this folder: Rscript reliability.R
# Needs psych, GPArotation, lavaan, semTools, pbivnorm.
suppressPackageStartupMessages({
  library(GPArotation)
  library(psych)
  library(lavaan)
  library(semTools)
})
source("common.R")
quiet <- function(x) { sink(nullfile()); on.exit(sink()); suppressWarnings(suppressMessages(x)) }

alpha_of <- function(c) nrow(c) / (nrow(c) - 1) * (1 - sum(diag(c)) / sum(c))
# Feldt (1965): (1 - alpha) / (1 - estimate) is F with n - 1 and (n - 1)(p - 1) degrees of freedom.
feldt <- function(estimate, n, p, level) {
  tail <- (1 - level) / 2
  1 - (1 - estimate) * qf(c(1 - tail, tail), n - 1, (n - 1) * (p - 1))
}
# Duhachek & Iacobucci (2004), from the covariance matrix.
duhachek <- function(c, n) {
  p <- nrow(c)
  total <- sum(c)
  q <- 2 * p^2 / (p - 1)^2 / total^3 * (total * (sum(diag(c %*% c)) + sum(diag(c))^2) - 2 * sum(diag(c)) * sum(c %*% c))
  sqrt(q / n)
}

scales <- list(one = NULL, clean = NULL, missing5 = NULL, teams = NULL, mixed = NULL, bifactor = NULL, small = NULL,
               binary = NULL, ten = NULL, skewed = NULL, reversed = NULL, `clean i1-i4` = 1:4, `missing5 i1-i4` = 1:4)
read_scale <- function(label) {
  x <- read_set(sub(" .*", "", label))
  x$team <- NULL
  if (is.null(scales[[label]])) x else x[, scales[[label]]]
}

for (label in names(scales)) {
  x <- read_scale(label)
  keyed <- list(`as answered` = x)
  if (label == "reversed") {
    keys <- rep(c(1, -1), 5)
    keyed$keyed <- as.data.frame(mapply(function(v, k) if (k < 0) 6 - v else v, x, keys)) # 1..5 turned by hand
  }
  for (key in names(keyed)) for (missing in if (anyNA(x)) c("listwise", "pairwise") else "listwise") {
    y <- if (missing == "listwise") na.omit(keyed[[key]]) else keyed[[key]]
    basis <- paste("covariance", missing)
    model <- paste("alpha", key)
    p <- ncol(y)
    c <- cov(y, use = "pairwise")
    n <- nrow(y)
    r <- cov2cor(c)
    off <- r[lower.tri(r)]
    keep_all(label, basis, model, "formula", n = n, alpha = alpha_of(c),
             standardized_alpha = p * mean(off) / (1 + (p - 1) * mean(off)), average_r = mean(off),
             guttman_lambda_6 = 1 - sum(1 / diag(solve(r))) / sum(r), duhachek_se = duhachek(c, n),
             sem = sqrt(sum(c) * (1 - alpha_of(c))), sem_of_mean = sqrt(sum(c) * (1 - alpha_of(c))) / p,
             sdc = 1.96 * sqrt(2) * sqrt(sum(c) * (1 - alpha_of(c))),
             sdc_exact_quantile = qnorm(.975) * sqrt(2) * sqrt(sum(c) * (1 - alpha_of(c))))
    if (missing == "listwise") for (level in c(.95, .90)) {
      limits <- feldt(alpha_of(c), n, p, level)
      keep(label, basis, model, "formula", paste0("feldt_low_", 100 * level), limits[1])
      keep(label, basis, model, "formula", paste0("feldt_high_", 100 * level), limits[2])
    }
    dropped <- sapply(names(y), function(item) alpha_of(c[names(y) != item, names(y) != item, drop = FALSE]))
    keep(label, basis, model, "formula", "alpha if dropped", dropped)
    # item-rest correlation from the covariance matrix: cov(item, rest) / (sd(item) sd(rest))
    rest <- (rowSums(c) - diag(c)) / sqrt(diag(c) * (sum(c) - 2 * rowSums(c) + diag(c)))
    keep(label, basis, model, "formula", "item-rest r", rest)

    f <- quiet(psych::alpha(y, use = "pairwise", check.keys = FALSE))
    keep_all(label, basis, model, "psych", alpha = f$total$raw_alpha, standardized_alpha = f$total$std.alpha,
             guttman_lambda_6 = f$total[["G6(smc)"]], average_r = f$total$average_r, median_r = f$total$median_r,
             duhachek_se = f$total$ase, scale_mean = f$total$mean, scale_sd = f$total$sd,
             signal_to_noise = f$total[["S/N"]])
    ci <- psych::alpha.ci(f$total$raw_alpha, n.obs = nrow(y), n.var = p, digits = 17)
    keep_all(label, basis, model, "psych", feldt_low_95 = unname(ci$lower.ci), feldt_high_95 = unname(ci$upper.ci))
    for (column in c("raw_alpha", "std.alpha", "average_r")) {
      keep(label, basis, model, "psych", paste("if dropped", column), setNames(f$alpha.drop[[column]], names(y)))
    }
    for (column in c("n", "raw.r", "std.r", "r.cor", "r.drop", "mean", "sd")) {
      keep(label, basis, model, "psych", paste("item", column), setNames(f$item.stats[[column]], names(y)))
    }
    # Ordinal alpha (Zumbo, Gadermann & Zeisser 2007): alpha of the polychoric matrix.
    ordinal <- exact_polychoric(y)$r
    keep(label, paste("polychoric", missing), model, "formula", "ordinal_alpha", alpha_of(ordinal))
  }
}

# Percentile intervals of alpha by bootstrap, 20,000 resamples: people, or whole teams. Compare to .01.
x <- read_set("teams")
items <- as.matrix(x[, -1])
set.seed(7)
people <- replicate(20000, alpha_of(cov(items[sample(nrow(items), replace = TRUE), ])))
rows <- split(seq_len(nrow(x)), x$team)
clusters <- replicate(20000, alpha_of(cov(items[unlist(sample(rows, replace = TRUE), use.names = FALSE), ])))
for (who in c("people", "teams")) {
  drawn <- if (who == "people") people else clusters
  keep_all("teams", "covariance listwise", paste("bootstrap", who), "formula", alpha_low_95 = unname(quantile(drawn, .025)),
           alpha_high_95 = unname(quantile(drawn, .975)), alpha_sd = sd(drawn))
}

# Omega from an exploratory solution: minres, oblimin, Schmid-Leiman. psych at its tolerance beside the exact solution.
schmid_by_formula <- function(r, m, n, name, basis, model) {
  set.seed(1000)
  a <- extract(r, m)$loadings
  found <- rotate_best(a, "oblimin", gam = 0, starts = 30)
  # two factors do not identify the second order: both loadings are sqrt(phi), psych's option "equal"
  gamma <- if (m == 2) sqrt(abs(found$phi[1, 2])) * c(1, sign(found$phi[1, 2])) else extract(found$phi, 1)$loadings[, 1]
  names(gamma) <- colnames(found$loadings)
  general <- drop(found$loadings %*% gamma)
  group <- found$loadings %*% diag(sqrt(1 - gamma^2))
  colnames(group) <- paste0("group_", colnames(found$loadings))
  u2 <- 1 - rowSums(a^2)
  keep(name, basis, model, "formula", "second-order loading", gamma)
  keep(name, basis, model, "formula", "schmid-leiman", cbind(g = general, group, h2 = 1 - u2, u2 = u2))
  total <- sum(r)
  keep_all(name, basis, model, "formula", omega_hierarchical = sum(general)^2 / total, omega_total = 1 - sum(u2) / total,
           omega_limit = sum(general)^2 / (total - sum(u2)),
           ecv = sum(general^2) / (sum(general^2) + sum(group^2)),
           alpha = alpha_of(r), guttman_lambda_6 = 1 - sum(1 / diag(solve(r))) / total)
}

from_psych <- function(r, m, n, name, basis, model, flip = TRUE) {
  f <- quiet(psych::omega(r, nfactors = m, fm = "minres", rotate = "oblimin", n.obs = n, plot = FALSE, flip = flip))
  sl <- unclass(f$schmid$sl)
  rownames(sl) <- sub("-$", "", rownames(sl)) # psych marks flipped items with a minus
  colnames(sl) <- c("g", paste0("group_f", seq_len(m)), "h2", "u2", "p2")[seq_len(ncol(sl))]
  keep(name, basis, model, "psych", "schmid-leiman", sl)
  keep_all(name, basis, model, "psych", omega_hierarchical = f$omega_h, omega_total = f$omega.tot,
           omega_limit = f$omega.lim, ecv = unname(f$ECV), alpha = f$alpha, guttman_lambda_6 = f$G6)
  group <- as.matrix(f$omega.group)
  dimnames(group) <- list(c("g", paste0("group_f", seq_len(m))), colnames(group))
  keep(name, basis, model, "psych", "omega of group", group)
}

for (analysis in list(list("clean", 3), list("bifactor", 3), list("missing5", 3), list("large36", 6), list("mixed", 2),
                      list("crossloadings", 4), list("reversed", 2))) {
  name <- analysis[[1]]
  m <- analysis[[2]]
  found <- matrices(name)
  for (basis in names(found)) {
    model <- paste0("omega ", m, " factors minres oblimin")
    r <- found[[basis]]$r
    if (name == "reversed") {
      signed <- rep(c(1, -1), 5)
      keep(name, basis, model, "formula", "key", setNames(signed, rownames(r)))
      from_psych(r, m, found[[basis]]$n, name, basis, model) # psych turns the negative items by itself
      r <- r * outer(signed, signed)
      schmid_by_formula(r, m, found[[basis]]$n, name, basis, model)
    } else {
      schmid_by_formula(r, m, found[[basis]]$n, name, basis, model)
      from_psych(r, m, found[[basis]]$n, name, basis, model)
    }
  }
}

# Omega total of one factor: exploratory (minres, ml) from the correlation matrix; confirmatory from the covariance
# matrix (lavaan ML) and from ordered items (lavaan WLSMV; semTools, Green & Yang 2009 and the latent-response version).
for (label in c("one", "teams", "clean i1-i4")) {
  x <- read_scale(label)
  r <- cor(x)
  for (method in c("minres", "ml")) {
    loadings <- extract(r, 1, method)$loadings[, 1]
    u2 <- 1 - loadings^2
    keep(label, "pearson", paste("omega 1 factor", method), "formula", "loading", loadings)
    keep_all(label, "pearson", paste("omega 1 factor", method), "formula", omega_total_observed = 1 - sum(u2) / sum(r),
             omega_total_squared_sum = sum(loadings)^2 / sum(r),
             omega_total_implied = sum(loadings)^2 / (sum(loadings)^2 + sum(u2)))
  }
  f <- quiet(psych::omega(r, nfactors = 1, fm = "minres", n.obs = nrow(x), plot = FALSE))
  keep(label, "pearson", "omega 1 factor minres", "psych", "omega_total_observed", f$omega.tot)
  model <- paste("f =~", paste(names(x), collapse = " + "))
  fit <- cfa(model, x, std.lv = TRUE)
  keep_all(label, "covariance listwise", "omega cfa ml", "semTools",
           omega_total_observed = unname(unlist(compRelSEM(fit, obs.var = TRUE))),
           omega_total_implied = unname(unlist(compRelSEM(fit, obs.var = FALSE))))
  fit <- cfa(model, x, std.lv = TRUE, ordered = names(x))
  keep_all(label, "polychoric listwise", "omega cfa wlsmv", "semTools",
           omega_categorical = unname(unlist(compRelSEM(fit))),
           omega_latent_response_observed = unname(unlist(compRelSEM(fit, ord.scale = FALSE))),
           omega_latent_response_implied = unname(unlist(compRelSEM(fit, ord.scale = FALSE, obs.var = FALSE))))
}
save_values("reliability.csv")
