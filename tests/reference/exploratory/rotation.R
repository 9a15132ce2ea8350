# Rotated loadings. Writes rotation.csv. Run from this folder: Rscript rotation.R     (some minutes)
# Needs GPArotation, psych, pbivnorm. What is rotated is the minres solution of common.R (model "unrotated").
suppressPackageStartupMessages({
  library(GPArotation)
  library(psych)
})
source("common.R")
quiet <- function(x) suppressWarnings(suppressMessages(x))

# name of the model -> GPArotation function, its arguments
variants <- list(
  "varimax" = list("Varimax"), "varimax kaiser" = list("Varimax", normalize = TRUE),
  "quartimax" = list("quartimax"), "quartimax kaiser" = list("quartimax", normalize = TRUE),
  "geominT delta=0.01" = list("geominT", delta = .01), "bentlerT" = list("bentlerT"),
  "oblimin gamma=0" = list("oblimin", gam = 0), "oblimin gamma=0 kaiser" = list("oblimin", gam = 0, normalize = TRUE),
  "oblimin gamma=-0.5" = list("oblimin", gam = -.5),
  "oblimin gamma=-0.5 kaiser" = list("oblimin", gam = -.5, normalize = TRUE),
  "quartimin" = list("quartimin"),
  "geominQ delta=0.01" = list("geominQ", delta = .01),
  "geominQ delta=0.01 kaiser" = list("geominQ", delta = .01, normalize = TRUE),
  "geominQ delta=0.001" = list("geominQ", delta = .001), "bentlerQ" = list("bentlerQ"))

keep_rotation <- function(name, basis, model, program, found) {
  keep(name, basis, model, program, "loading", found$loadings)
  if (max(abs(found$phi - diag(ncol(found$phi)))) > 1e-12) {
    keep(name, basis, model, program, "factor correlation", found$phi, upper = TRUE)
    structure <- found$loadings %*% found$phi
    if (grepl("^oblimin gamma=0$", model)) keep(name, basis, model, program, "structure", structure)
  }
  size <- diag(found$phi %*% crossprod(found$loadings))
  names(size) <- colnames(found$loadings)
  keep(name, basis, model, program, "variance", size)
  if (!is.null(found$criterion)) {
    keep_all(name, basis, model, program, criterion = found$criterion, gradient = found$gradient, starts = found$starts,
             starts_converged = found$converged, starts_at_best = found$at_best, optima = found$optima,
             second_criterion = found$second, criterion_from_identity = found$from_identity)
  }
}

promax_of <- function(varimax_loadings) {
  found <- stats::promax(varimax_loadings, m = 4)
  ui <- solve(found$rotmat)
  list(loadings = unclass(found$loadings), phi = ui %*% t(ui))
}
as_canonical <- function(found) canonical(found$loadings, found$phi)

rotate_all <- function(name, basis, a, starts) {
  keep(name, basis, "unrotated", "formula", "loading", a)
  for (model in names(variants)) {
    set.seed(1000)
    many <- name == "crossloadings" && basis == "pearson" && grepl("geomin", model) # several optima: look longer
    found <- do.call(rotate_best, c(list(a), variants[[model]], starts = if (many) 150 else starts))
    keep_rotation(name, basis, model, "GPArotation", found)
  }
  set.seed(1000)
  raw <- rotate_best(a, "Varimax", starts = starts)
  kaiser <- rotate_best(a, "Varimax", normalize = TRUE, starts = starts)
  h <- sqrt(rowSums(a^2))
  weighted <- rotate_best(a / h, "Varimax", starts = starts)
  keep_rotation(name, basis, "promax power=4", "stats::promax of varimax", as_canonical(promax_of(raw$loadings)))
  keep_rotation(name, basis, "promax power=4 after varimax kaiser", "stats::promax of varimax",
                as_canonical(promax_of(kaiser$loadings)))
  throughout <- promax_of(weighted$loadings)
  throughout$loadings <- throughout$loadings * h
  keep_rotation(name, basis, "promax power=4 kaiser", "stats::promax of varimax", as_canonical(throughout))

  # A target with zeros where varimax is below .25 and nothing said elsewhere; columns are not reordered or turned.
  target <- ifelse(abs(kaiser$loadings) < .25, 0, NA)
  dimnames(target) <- dimnames(a)
  keep(name, basis, "target", "formula", "target", target)
  for (rotate in c("targetT", "targetQ")) {
    found <- rotate_best(a, rotate, Target = target, starts = starts, reorder = FALSE)
    # each column is free in sign: its sum is made positive
    sign <- ifelse(colSums(found$loadings) < 0, -1, 1)
    found$loadings[] <- found$loadings %*% diag(sign)
    found$phi[] <- found$phi * outer(sign, sign)
    keep_rotation(name, basis, rotate, "GPArotation", found)
  }
}

rotate_bifactor <- function(name, basis, a, starts) {
  keep(name, basis, "unrotated bifactor", "formula", "loading", a)
  for (rotate in c("bifactorT", "bifactorQ")) {
    set.seed(1000)
    keep_rotation(name, basis, rotate, "GPArotation", rotate_best(a, rotate, starts = starts, fixed = 1, maxit = 6000))
  }
}

from_psych <- function(name, basis, r, n, m, bifactor = FALSE) {
  suffix <- if (bifactor) " 4 factors" else ""
  rotations <- if (bifactor) c("bifactor", "biquartimin") else c("varimax", "quartimax", "bentlerT", "geominT", "oblimin", "quartimin", "promax", "Promax", "geominQ",
                 "bentlerQ")
  for (rotate in rotations) {
    set.seed(1000)
    f <- quiet(fa(r, m, n.obs = n, rotate = rotate, fm = "minres"))
    names <- paste0("f", seq_len(m))
    loadings <- unclass(f$loadings)
    dimnames(loadings) <- list(rownames(r), names)
    phi <- if (is.null(f$Phi)) diag(m) else f$Phi
    dimnames(phi) <- list(names, names)
    keep_rotation(name, basis, paste0(rotate, suffix), "psych", list(loadings = loadings, phi = phi))
    if (rotate == "oblimin") {
      share <- unclass(f$Vaccounted)
      colnames(share) <- names
      keep(name, basis, rotate, "psych", "variance accounted", share[1:2, ])
      keep(name, basis, rotate, "psych", "complexity", f$complexity)
    }
  }
  if (bifactor) return(invisible())
  started <- stats::varimax(extract(r, m)$loadings)
  keep_rotation(name, basis, "varimax kaiser", "stats::varimax", canonical(unclass(started$loadings)))
}

first <- c("clean", "crossloadings", "mixed", "bifactor", "reversed", "heywood")
order <- order(match(sapply(analyses, function(one) one[[1]]), first))
for (analysis in analyses[order]) {
  name <- analysis[[1]]
  m <- analysis[[2]]
  starts <- if (name == "large36") 15 else 30
  found <- matrices(name)
  use <- if (name %in% c("mixed", "crossloadings", "binary")) names(found) else names(found)[1]
  for (basis in use) {
    r <- found[[basis]]$r
    rotate_all(name, basis, extract(r, m)$loadings, starts)
    if (basis == names(found)[1] && name %in% c(first, "large36")) from_psych(name, basis, r, found[[basis]]$n, m)
  }
  # a general factor and as many group factors as were simulated
  if (name == "bifactor") {
    rotate_bifactor(name, "pearson", extract(found$pearson$r, 4)$loadings, starts = 12)
    from_psych(name, "pearson", found$pearson$r, found$pearson$n, 4, bifactor = TRUE)
  }
  cat(name, format(Sys.time(), "%H:%M:%S"), "\n", file = stderr())
}
save_values("rotation.csv")
