# How many factors. Writes retention.csv. Run from this folder: Rscript retention.R     (some minutes)
# Needs psych, pbivnorm. MAP and the empirical Kaiser criterion by formula; parallel analysis by psych (decisions) and
# by formula (reference eigenvalues of 500 draws, large36 200: compare to .02, decisions exactly where no eigenvalue is close).
suppressPackageStartupMessages(library(psych))
source("common.R")
quiet <- function(x) { sink(nullfile()); on.exit(sink()); suppressWarnings(suppressMessages(x)) }

# Velicer (1976): mean squared partial correlation after m components are partialled out; fourth power: Velicer, Eaton
# & Fava (2000). m = 0 is the correlation matrix itself.
map_by_formula <- function(r) {
  p <- nrow(r)
  e <- eigen(r, symmetric = TRUE)
  rows <- sapply(0:(p - 2), function(m) {
    left <- r
    if (m > 0) left <- r - e$vectors[, 1:m] %*% diag(e$values[1:m], m) %*% t(e$vectors[, 1:m])
    partial <- left / sqrt(outer(diag(left), diag(left)))
    off <- partial[lower.tri(partial)]
    c(mean(off^2), mean(off^4))
  })
  dimnames(rows) <- list(c("squared", "fourth"), paste0("m", 0:(p - 2)))
  rows
}

# Braeken & van Assen (2017): reference eigenvalue j is max((p - sum of the first j - 1) / (p - j + 1) (1 + sqrt(p/n))^2, 1).
kaiser_reference <- function(values, n) {
  p <- length(values)
  before <- cumsum(c(0, values))[1:p]
  pmax((p - before) / (p - seq_len(p) + 1) * (1 + sqrt(p / n))^2, 1)
}
first_failure <- function(above) if (all(above)) length(above) else which(!above)[1] - 1

# Horn (1965): eigenvalues of `draws` random matrices; null normal or columns of the data permuted.
parallel_by_formula <- function(x, null, reduced, draws = 1000) {
  n <- nrow(x)
  p <- ncol(x)
  values <- replicate(draws, {
    y <- if (null == "normal") matrix(rnorm(n * p), n) else apply(x, 2, sample)
    r <- cor(y)
    if (reduced) diag(r) <- 1 - 1 / diag(solve(r))
    eigen(r, symmetric = TRUE, only.values = TRUE)$values
  })
  rbind(mean = rowMeans(values), q95 = apply(values, 1, quantile, .95))
}

for (analysis in analyses) {
  name <- analysis[[1]]
  found <- matrices(name)
  for (basis in names(found)) {
    r <- found[[basis]]$r
    n <- found[[basis]]$n
    p <- nrow(r)
    map <- map_by_formula(r)
    keep(name, basis, "map", "formula", "map", map)
    keep_all(name, basis, "map", "formula", `n_factors squared` = which.min(map["squared", ]) - 1,
             `n_factors fourth` = which.min(map["fourth", ]) - 1)
    most <- min(8, p - 1)
    by_psych <- quiet(vss(r, n = most, rotate = "none", n.obs = n, plot = FALSE))$map
    keep(name, basis, "map", "psych", "map squared", setNames(by_psych, paste0("m", seq_len(most))))
    values <- eigen(r, symmetric = TRUE)$values
    reference <- kaiser_reference(values, n)
    keep(name, basis, "empirical kaiser", "formula", "reference", setNames(reference, paste0("e", seq_len(p))))
    keep_all(name, basis, "empirical kaiser", "formula", n_factors = first_failure(values > reference))
    keep_all(name, basis, "kaiser", "formula", n_factors = sum(values > 1))
  }
  x <- na.omit(read_set(name))
  for (null in c("normal", "permuted")) for (reduced in c(FALSE, TRUE)) {
    set.seed(42)
    random <- parallel_by_formula(as.matrix(x), null, reduced, draws = if (name == "large36") 200 else 500)
    colnames(random) <- paste0("e", seq_len(ncol(random)))
    basis <- if (name == "missing5") "pearson listwise" else "pearson"
    model <- paste("parallel", null, if (reduced) "reduced" else "components")
    keep(name, basis, model, "formula", "reference", random)
    r <- cor(x)
    if (reduced) diag(r) <- 1 - 1 / diag(solve(r))
    observed <- eigen(r, symmetric = TRUE)$values
    for (rule in rownames(random)) {
      keep(name, basis, model, "formula", paste("n_factors", rule), first_failure(observed > random[rule, ]))
    }
    # how near the decision is: the smallest distance of an observed eigenvalue to its 95 % reference
    keep(name, basis, model, "formula", "closest margin q95", min(abs(observed - random["q95", ])))
  }
  variants <- expand.grid(seed = 1:2, smc = c(FALSE, TRUE), sim = c(TRUE, FALSE))
  if (name == "large36") variants <- variants[variants$seed == 1 & variants$sim, ]
  for (row in seq_len(nrow(variants))) {
    seed <- variants$seed[row]
    smc <- variants$smc[row]
    sim <- variants$sim[row]
    set.seed(seed)
    decision <- quiet(fa.parallel(x, fm = "minres", fa = "both", n.iter = 20, SMC = smc, sim = sim, quant = .95,
                                  plot = FALSE))
    model <- sprintf("fa.parallel %s%s seed=%d", if (sim) "normal" else "resampled", if (smc) " SMC" else "", seed)
    basis <- if (name == "missing5") "pearson listwise" else "pearson"
    keep_all(name, basis, model, "psych", n_factors = decision$nfact, n_components = decision$ncomp)
  }
  if (name %in% c("mixed", "binary")) {
    set.seed(1)
    decision <- quiet(fa.parallel(x, fm = "minres", fa = "both", n.iter = 10, cor = "poly", correct = 0, quant = .95,
                                  plot = FALSE))
    keep_all(name, "polychoric", "fa.parallel cor=poly seed=1", "psych", n_factors = decision$nfact,
             n_components = decision$ncomp)
  }
  cat(name, format(Sys.time(), "%H:%M:%S"), "\n", file = stderr())
}
save_values("retention.csv")
