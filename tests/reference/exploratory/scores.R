# Factor scores, their weights and determinacy. Writes scores.csv. Run from this folder: Rscript scores.R
# Needs GPArotation, psych. Scores are those of psych::factor.scores given the exact minres + oblimin (gamma 0, no Kaiser)
# solution, so that psych's own tolerance does not enter; answers are standardised with the sample's mean and SD (n - 1).
suppressPackageStartupMessages({
  library(GPArotation)
  library(psych)
})
source("common.R")

for (analysis in list(list("clean", 3), list("reversed", 2), list("ten", 2), list("crossloadings", 4), list("small", 2))) {
  name <- analysis[[1]]
  x <- read_set(name)
  r <- cor(x)
  set.seed(1000)
  a <- extract(r, analysis[[2]])$loadings
  found <- rotate_best(a, "oblimin", gam = 0)
  loadings <- found$loadings
  phi <- found$phi
  keep(name, "pearson", "minres oblimin gamma=0", "formula", "loading", loadings)
  keep(name, "pearson", "minres oblimin gamma=0", "formula", "factor correlation", phi, upper = TRUE)
  z <- scale(x)
  # Determinacy: squared multiple correlation of each factor with the items, diag(S' R^-1 S), S the structure.
  structure <- loadings %*% phi
  r2 <- diag(t(structure) %*% solve(r, structure))
  names(r2) <- colnames(loadings)
  keep(name, "pearson", "minres oblimin gamma=0", "formula", "determinacy squared", r2)
  keep(name, "pearson", "minres oblimin gamma=0", "formula", "minimum correlation of competing scores", 2 * r2 - 1)
  for (method in c("Thurstone", "tenBerge", "Bartlett")) {
    scored <- suppressWarnings(factor.scores(x, f = loadings, Phi = phi, method = method))
    weights <- unclass(scored$weights)
    dimnames(weights) <- dimnames(loadings)
    values <- unclass(scored$scores)[1:20, ]
    dimnames(values) <- list(paste0("r", 1:20), colnames(loadings))
    keep(name, "pearson", method, "psych", "score", values)
    keep(name, "pearson", method, "psych", "weight", weights)
    # The formulas: Thurstone R^-1 S; Bartlett U^-2 L (L' U^-2 L)^-1; ten Berge: scores with correlations Phi.
    u2 <- 1 - rowSums(loadings * structure)
    root <- function(m, power) { e <- eigen(m, symmetric = TRUE); e$vectors %*% diag(e$values^power) %*% t(e$vectors) }
    by_formula <- switch(method,
      Thurstone = solve(r, structure),
      Bartlett = (loadings / u2) %*% solve(t(loadings) %*% (loadings / u2)),
      tenBerge = {
        half <- root(phi, .5)
        l <- loadings %*% half
        inner <- root(r, -.5) %*% l %*% root(t(l) %*% solve(r, l), -.5)
        root(r, -.5) %*% inner %*% half
      })
    dimnames(by_formula) <- dimnames(loadings)
    keep(name, "pearson", method, "formula", "weight", by_formula)
    by_hand <- z[1:20, ] %*% by_formula
    dimnames(by_hand) <- dimnames(values)
    keep(name, "pearson", method, "formula", "score", by_hand)
    # Correlation of the estimates with the factors (validity) and among each other.
    covariance <- t(by_formula) %*% r %*% by_formula
    keep(name, "pearson", method, "formula", "validity",
         setNames(diag(t(by_formula) %*% structure) / sqrt(diag(covariance)), colnames(loadings)))
    keep(name, "pearson", method, "formula", "correlation of scores", cov2cor(covariance), upper = TRUE)
  }
}
save_values("scores.csv")
