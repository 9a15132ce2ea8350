# What the scripts share: reading a data set, keeping values, writing them, and the formulas written out once.
# Every values file is long: data, basis, model, program, quantity, row, column, value.
#   basis    pearson | polychoric | covariance | empty, and how missing answers were treated
#   model    what was fitted (minres, ml, oblimin, ...) with its variant
#   program  the program that gave the number; "formula" is R written here, from the paper, to full precision
# row and column name items (i1 ...), factors (f1 ...), thresholds (t1 ...) or pairs; numbers have 17 digits.

read_set <- function(name) read.csv(file.path("data", paste0(name, ".csv")))

.kept <- new.env()
.kept$rows <- list()

# One value, a named vector (row), or a matrix (row, column); `upper` keeps the upper triangle without its diagonal.
keep <- function(data, basis, model, program, quantity, value, upper = FALSE) {
  if (length(value) == 0) return(invisible())
  if (is.matrix(value)) {
    use <- if (upper) upper.tri(value) else matrix(TRUE, nrow(value), ncol(value))
    row <- rownames(value)[row(value)[use]]
    column <- colnames(value)[col(value)[use]]
    value <- value[use]
  } else {
    row <- if (is.null(names(value))) "" else names(value)
    column <- ""
    value <- unname(unlist(value))
  }
  .kept$rows[[length(.kept$rows) + 1]] <- data.frame(data, basis, model, program, quantity, row, column, value)
}

# Several scalars at once: keep_all(data, basis, model, program, chisq = 3, df = 2)
keep_all <- function(data, basis, model, program, ...) {
  found <- list(...)
  for (quantity in names(found)) keep(data, basis, model, program, quantity, found[[quantity]])
}

save_values <- function(file) {
  values <- do.call(rbind, .kept$rows)
  values <- values[is.finite(values$value), ]
  values$value <- sprintf("%.17g", values$value)
  write.csv(values, file, row.names = FALSE, quote = FALSE)
  .kept$rows <- list()
  cat(file, nrow(values), "values\n")
}

# Thresholds of one item: normal quantiles of the cumulated shares of its used categories.
thresholds <- function(x) {
  counts <- table(x)
  qnorm(cumsum(counts)[-length(counts)] / sum(counts))
}

# Phi2(a, b, r) for all pairs of thresholds, with the borders minus and plus infinity around them.
bivariate_grid <- function(a, b, r) {
  inner <- outer(a, b, function(x, y) pbivnorm::pbivnorm(x, y, r))
  grid <- matrix(0, length(a) + 2, length(b) + 2)
  grid[1 + seq_along(a), 1 + seq_along(b)] <- inner
  grid[nrow(grid), ] <- c(0, pnorm(b), 1)
  grid[, ncol(grid)] <- c(0, pnorm(a), 1)
  grid
}

density_grid <- function(a, b, r) {
  grid <- matrix(0, length(a) + 2, length(b) + 2)
  grid[1 + seq_along(a), 1 + seq_along(b)] <- outer(a, b, function(x, y) {
    exp(-(x^2 - 2 * r * x * y + y^2) / (2 * (1 - r^2))) / (2 * pi * sqrt(1 - r^2))
  })
  grid
}

cells <- function(grid) {
  n <- nrow(grid)
  m <- ncol(grid)
  grid[-1, -1] - grid[-n, -1] - grid[-1, -m] + grid[-n, -m]
}

# Two-step polychoric correlation (Olsson 1979): thresholds a, b fixed, r where the slope of the likelihood,
# sum n_ij / p_ij dp_ij/dr, changes sign (bisection). NA where the likelihood still rises at |r| = .9995.
two_step <- function(table, a, b) {
  used <- table > 0
  slope <- function(r) {
    p <- cells(bivariate_grid(a, b, r))[used]
    if (min(p) < 1e-14) return(-sign(r)) # an observed cell has become impossible: the optimum is nearer to zero
    sum(table[used] * cells(density_grid(a, b, r))[used] / p)
  }
  low <- -.9995
  high <- .9995
  if (slope(low) <= 0 || slope(high) >= 0) return(NA)
  for (step in 1:60) {
    middle <- (low + high) / 2
    if (slope(middle) > 0) low <- middle else high <- middle
  }
  (low + high) / 2
}

# Matrix of two-step correlations; thresholds come from every answer of an item, tables from the pairs answered.
exact_polychoric <- function(x) {
  cut <- lapply(x, thresholds)
  r <- diag(ncol(x))
  dimnames(r) <- list(names(x), names(x))
  for (j in seq_len(ncol(x))[-1]) for (i in seq_len(j - 1)) {
    levels <- lapply(c(i, j), function(k) sort(unique(x[[k]])))
    pairs <- table(factor(x[[i]], levels[[1]]), factor(x[[j]], levels[[2]]))
    r[i, j] <- r[j, i] <- two_step(pairs, cut[[i]], cut[[j]])
  }
  list(r = r, thresholds = cut)
}

# --- extraction to full precision -------------------------------------------------------------------------------
# Uniquenesses psi in [.005, 1] minimise
#   minres  sum of squared residuals off the diagonal; where no bound holds this is the least of
#           1/2 sum_{j>m} theta_j^2, theta the eigenvalues of R - Psi (Harman & Jones 1966; Joreskog 1977)
#   ml      sum_{j>m} (theta_j - log theta_j - 1), theta the eigenvalues of Psi^-1/2 R Psi^-1/2
# optim to start, then Newton steps on the analytic slope until it is below 1e-12.
slope_minres <- function(psi, r, m) {
  e <- eigen(r - diag(psi), symmetric = TRUE)
  rest <- seq_along(psi) > m
  -drop(e$vectors[, rest, drop = FALSE]^2 %*% e$values[rest])
}
value_minres <- function(psi, r, m) {
  sum(eigen(r - diag(psi), symmetric = TRUE)$values[-seq_len(m)]^2) / 2
}
slope_ml <- function(psi, r, m) {
  s <- 1 / sqrt(psi)
  e <- eigen(r * outer(s, s), symmetric = TRUE)
  rest <- seq_along(psi) > m
  drop(e$vectors[, rest, drop = FALSE]^2 %*% (1 - e$values[rest])) / psi
}
value_ml <- function(psi, r, m) {
  s <- 1 / sqrt(psi)
  theta <- eigen(r * outer(s, s), symmetric = TRUE)$values[-seq_len(m)]
  sum(theta - log(theta) - 1)
}

extract <- function(r, m, method = "minres", lower = .005) {
  value <- if (method == "ml") value_ml else value_minres
  slope <- if (method == "ml") slope_ml else slope_minres
  p <- nrow(r)
  best <- NULL
  for (start in list(1 / diag(solve(r)), rep(.5, p), rep(.25, p))) {
    found <- optim(pmin(pmax(start, .05), .95), value, slope, r = r, m = m, method = "L-BFGS-B", lower = lower,
                   upper = 1, control = list(factr = 10, maxit = 5000, pgtol = 0))
    if (is.null(best) || found$value < best$value - 1e-12) best <- found
  }
  psi <- best$par
  for (step in 1:30) {
    g <- slope(psi, r, m)
    free <- !((psi <= lower + 1e-9 & g > 0) | (psi >= 1 - 1e-9 & g < 0))
    if (!any(free) || max(abs(g[free])) < 1e-13) break
    h <- 1e-6
    hessian <- sapply(which(free), function(k) {
      up <- replace(psi, k, psi[k] + h)
      down <- replace(psi, k, psi[k] - h)
      (slope(up, r, m)[free] - slope(down, r, m)[free]) / (2 * h)
    })
    move <- psi
    move[free] <- pmin(pmax(psi[free] - solve(hessian, g[free]), lower), 1)
    psi <- move
  }
  g <- slope(psi, r, m)
  bound <- (psi <= lower + 1e-9 & g > 0) | (psi >= 1 - 1e-9 & g < 0)
  if (method == "ml") {
    e <- eigen(r / outer(sqrt(psi), sqrt(psi)), symmetric = TRUE)
    loadings <- sqrt(psi) * e$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(pmax(e$values[1:m] - 1, 0)), m)
  } else {
    e <- eigen(r - diag(psi), symmetric = TRUE)
    loadings <- e$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(pmax(e$values[1:m], 0)), m)
  }
  loadings <- loadings %*% diag(ifelse(colSums(loadings) < 0, -1, 1), m)
  dimnames(loadings) <- list(rownames(r), paste0("f", 1:m))
  names(psi) <- rownames(r)
  list(loadings = loadings, psi = psi, value = value(psi, r, m), slope = max(abs(g[!bound]), 0), at_bound = sum(bound))
}

# Order by variance explained (diagonal of Phi L'L), column sums positive, everything together, as psych does.
# `fixed` columns at the front stay where they are (the general factor of a bifactor solution).
canonical <- function(loadings, phi = NULL, fixed = 0) {
  m <- ncol(loadings)
  if (is.null(phi)) phi <- diag(m)
  size <- diag(phi %*% crossprod(loadings))
  order <- c(seq_len(fixed), fixed + order(size[seq_len(m) > fixed], decreasing = TRUE))
  loadings <- loadings[, order, drop = FALSE]
  sign <- ifelse(colSums(loadings) < 0, -1, 1)
  loadings <- loadings %*% diag(sign, m)
  phi <- (phi[order, order, drop = FALSE]) * outer(sign, sign)
  names <- paste0("f", seq_len(m))
  dimnames(loadings)[[2]] <- names
  dimnames(phi) <- list(names, names)
  list(loadings = loadings, phi = phi)
}

# The analyses that the EFA scripts share: data set, factors, basis.
analyses <- list(
  list("clean", 3), list("missing5", 3), list("mixed", 2), list("skewed", 2), list("small", 2), list("large36", 6),
  list("crossloadings", 4), list("binary", 2), list("ten", 2), list("reversed", 2), list("heywood", 2),
  list("bifactor", 3))
# The basis: pearson (missing5: listwise and pairwise) and polychoric (exact two-step; missing5: pairwise).
matrices <- function(name) {
  x <- read_set(name)
  complete <- na.omit(x)
  n <- nrow(complete)
  found <- list(pearson = list(r = cor(complete), n = n))
  if (nrow(x) > n) {
    answered <- x[rowSums(!is.na(x)) > 0, ]
    found <- list(`pearson listwise` = found$pearson,
                  `pearson pairwise` = list(r = cor(x, use = "pairwise"), n = nrow(answered)),
                  `polychoric pairwise` = list(r = exact_polychoric(x)$r, n = nrow(answered)))
  } else {
    found$polychoric <- list(r = exact_polychoric(x)$r, n = n)
  }
  found
}

# --- rotation by GPArotation: many random starts, the best polished -------------------------------------------------
random_orthogonal <- function(m) qr.Q(qr(matrix(rnorm(m * m), m)))

# `rotate` is a GPArotation function (as text), `...` its arguments. From the identity and `starts` random orthogonal
# matrices at eps 1e-5; the best is polished at eps 1e-7 and, as far as double precision lets the gradient fall, 1e-8.
rotate_best <- function(a, rotate, ..., starts = 30, fixed = 0, reorder = TRUE, maxit = 1000) {
  turn <- getExportedValue("GPArotation", rotate)
  m <- ncol(a)
  tried <- lapply(0:starts, function(k) {
    start <- if (k == 0) diag(m) else random_orthogonal(m)
    found <- try(suppressWarnings(turn(a, Tmat = start, ..., eps = 1e-5, maxit = maxit)), silent = TRUE)
    if (inherits(found, "try-error")) return(NULL)
    list(f = found$Table[nrow(found$Table), 2], t = found$Th, done = found$convergence)
  })
  tried <- Filter(Negate(is.null), tried)
  f <- sapply(tried, function(one) one$f)
  done <- sapply(tried, function(one) one$done)
  if (!any(done)) done[] <- TRUE # none reached eps 1e-5: the recorded gradient says so
  best <- tried[[which.min(ifelse(done, f, Inf))]]
  found <- suppressWarnings(turn(a, Tmat = best$t, ..., eps = 1e-7, maxit = max(maxit, 3000)))
  again <- suppressWarnings(turn(a, Tmat = found$Th, ..., eps = 1e-8, maxit = 100))
  if (again$Table[nrow(again$Table), 3] < found$Table[nrow(found$Table), 3]) found <- again
  loadings <- unclass(found$loadings)
  dimnames(loadings) <- list(rownames(a), paste0("f", 1:m))
  phi <- if (is.null(found$Phi)) diag(m) else found$Phi
  dimnames(phi) <- list(colnames(loadings), colnames(loadings))
  solution <- if (reorder) canonical(loadings, phi, fixed) else list(loadings = loadings, phi = phi)
  f_best <- found$Table[nrow(found$Table), 2]
  sorted <- sort(f[done])
  optima <- sorted[c(TRUE, diff(sorted) > 1e-6)]
  c(solution, list(criterion = f_best, gradient = 10^found$Table[nrow(found$Table), 3], starts = length(f),
                   converged = sum(sapply(tried, function(one) one$done)), at_best = sum(f[done] < f_best + 1e-6), optima = length(optima),
                   second = if (length(optima) > 1) optima[2] else NA, from_identity = f[1]))
}
