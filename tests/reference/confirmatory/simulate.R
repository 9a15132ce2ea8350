# Writes data/*.csv, the simulated answers that every other script reads. Run from this folder: Rscript simulate.R
# Base R alone; each set has a seed of its own, so a set can be added without changing the others.

RNGkind("Mersenne-Twister", "Inversion", "Rejection")

write_set <- function(name, x) write.csv(x, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")

normal <- function(n, covariance) matrix(rnorm(n * nrow(covariance)), n) %*% chol(covariance)

correlated <- function(k, r) { m <- matrix(r, k, k); diag(m) <- 1; m }

# latent responses with unit variance: factors (n x k), loadings (p x k), residual correlations as a matrix
responses <- function(factors, loadings, phi, residuals = diag(nrow(loadings))) {
  unique <- sqrt(1 - rowSums((loadings %*% phi) * loadings))
  y <- factors %*% t(loadings) + normal(nrow(factors), residuals) %*% diag(unique)
  colnames(y) <- paste0("x", seq_len(ncol(y)))
  y
}

simple <- function(values, per) {
  loadings <- matrix(0, length(values), length(values) / per)
  for (i in seq_along(values)) loadings[i, (i - 1) %/% per + 1] <- values[i]
  loadings
}

# cuts: a list with the thresholds of each item; categories are coded from 1
coded <- function(y, cuts) {
  x <- sapply(seq_len(ncol(y)), function(j) findInterval(y[, j], cuts[[j]]) + 1L)
  colnames(x) <- colnames(y)
  as.data.frame(x)
}

spread <- list("2" = 0.2, "3" = c(-0.6, 0.7), "4" = c(-1, 0, 0.9), "5" = c(-1.4, -0.6, 0.2, 1.1),
               "7" = c(-1.6, -1, -0.4, 0.2, 0.7, 1.3))
cuts_of <- function(categories, shift = 0) {
  shift <- rep_len(shift, length(categories))
  lapply(seq_along(categories), function(j) spread[[as.character(categories[j])]] + shift[j])
}

holed <- function(x, share) {
  x[matrix(runif(nrow(x) * ncol(x)) < share, nrow(x))] <- NA
  x
}

# -- continuous --------------------------------------------------------------------------------------------------------
set.seed(601)
phi <- correlated(3, 0.4)
loadings <- simple(c(0.8, 0.7, 0.6, 0.75, 0.65, 0.7, 0.8, 0.6, 0.55), 3)
residuals <- diag(9); residuals[2, 6] <- residuals[6, 2] <- 0.15
y <- responses(normal(301, phi), loadings, phi, residuals)
y <- sweep(sweep(y, 2, c(1, 2, 1.5, 0.8, 1, 1.2, 3, 1, 1), "*"), 2, c(5, 4, 3, 2, 6, 1, 0, -1, 2), "+")
write_set("continuous", round(as.data.frame(y), 4))

set.seed(602)
x <- round(as.data.frame(y), 4)
x[y[, 1] > 5.6 & runif(301) < 0.5, "x2"] <- NA      # missing at random: depends on x1
x <- holed(x, 0.06)
x[7, ] <- NA                                        # a person without any answer
x[8, -3] <- NA                                      # a person with one answer
write_set("continuous_missing", x)

set.seed(603)   # heavy tails and skew, so that robust and plain tests differ; a misspecified model (cross-loading, residual r)
phi <- correlated(2, 0.3)
loadings <- simple(c(0.8, 0.7, 0.6, 0.7, 0.75, 0.7, 0.6, 0.65), 4)
loadings[3, 2] <- 0.35
residuals <- diag(8); residuals[5, 6] <- residuals[6, 5] <- 0.4
f <- normal(350, phi)
y <- responses(f, loadings, phi, residuals)
y <- y * sqrt(4 / rchisq(350, 6)) + 0.3 * (y^2 - 1)
write_set("misspecified", round(as.data.frame(y), 4))

set.seed(604)   # three groups of unequal size; x2 and x6 differ in intercept, x4 in loading
sizes <- c(180, 140, 100)
parts <- lapply(1:3, function(g) {
  loadings <- simple(c(0.8, 0.7, 0.6, 0.75, 0.65, 0.7), 3)
  if (g == 2) loadings[4, 2] <- 0.5
  f <- normal(sizes[g], correlated(2, c(0.4, 0.5, 0.3)[g])) %*% diag(c(1, c(1, 1.2, 0.9)[g]))
  f <- sweep(f, 2, list(c(0, 0), c(0.3, -0.2), c(-0.3, 0.4))[[g]], "+")
  y <- f %*% t(loadings) + normal(sizes[g], diag(6)) * c(0.7, 0.65, 0.75)[g]
  y[, 2] <- y[, 2] + c(0, 0.3, 0)[g]
  y[, 6] <- y[, 6] + c(0, 0, -0.35)[g]
  colnames(y) <- paste0("x", 1:6)
  data.frame(round(y, 4), site = c("West", "East", "North")[g])
})
x <- do.call(rbind, parts)[c(3, 200, 400, setdiff(sample(420), c(3, 200, 400))), ]
write_set("groups3", x)

set.seed(605)
x <- x[x$site != "North", ]
x[, 1:6] <- holed(x[, 1:6], 0.07)
write_set("groups2_missing", x)

# -- ordinal -----------------------------------------------------------------------------------------------------------
set.seed(611)   # two categories
phi <- diag(1)
y <- responses(normal(400, phi), simple(c(0.8, 0.7, 0.6, 0.75, 0.65, 0.5, 0.7, 0.55), 8), phi)
write_set("ordinal2", coded(y, cuts_of(rep(2, 8), c(-0.8, -0.4, 0, 0.2, 0.4, -0.2, 0.6, -1))))

set.seed(612)   # three categories
phi <- correlated(3, 0.45)
y <- responses(normal(350, phi), simple(c(0.8, 0.7, 0.6, 0.75, 0.65, 0.7, 0.8, 0.6, 0.55), 3), phi)
write_set("ordinal3", coded(y, cuts_of(rep(3, 9), seq(-0.4, 0.4, length.out = 9))))

set.seed(613)   # five categories, four factors under one
phi <- c(0.8, 0.7, 0.6, 0.75) %o% c(0.8, 0.7, 0.6, 0.75); diag(phi) <- 1
y <- responses(normal(420, phi), simple(rep(c(0.8, 0.7, 0.6), 4), 3), phi)
x <- coded(y, cuts_of(rep(5, 12), rep(c(-0.3, 0, 0.4), 4)))
write_set("ordinal5", x)

set.seed(614)
x <- holed(x, 0.08)
x[11, ] <- NA
x[12, -5] <- NA
write_set("ordinal5_missing", x)

set.seed(615)   # seven categories, a residual correlation, negative loadings
phi <- correlated(2, -0.35)
residuals <- diag(6); residuals[2, 3] <- residuals[3, 2] <- 0.35
y <- responses(normal(300, phi), simple(c(0.8, 0.7, 0.65, 0.75, -0.65, 0.7), 3), phi, residuals)
write_set("ordinal7", coded(y, cuts_of(rep(7, 6), c(0, 0.3, -0.3, 0.5, 0, -0.5))))

set.seed(616)   # two, three, five and seven categories together
phi <- correlated(2, 0.4)
y <- responses(normal(400, phi), simple(c(0.8, 0.7, 0.6, 0.75, 0.75, 0.65, 0.7, 0.6), 4), phi)
write_set("mixed", coded(y, cuts_of(c(2, 3, 5, 7, 7, 5, 3, 2), c(0.2, 0, -0.2, 0.3, 0, 0.4, -0.3, 0))))

set.seed(617)   # 36 items on six correlated factors
phi <- correlated(6, 0.4)
y <- responses(normal(500, phi), simple(rep(c(0.8, 0.75, 0.7, 0.65, 0.6, 0.5), 6), 6), phi)
write_set("large36", coded(y, cuts_of(rep(5, 36), seq(-0.4, 0.4, length.out = 36))))

set.seed(618)   # a general and three group factors
phi <- diag(4)
loadings <- cbind(c(0.7, 0.6, 0.65, 0.5, 0.6, 0.7, 0.55, 0.6, 0.5, 0.65, 0.6, 0.7),
                  simple(c(0.4, 0.5, 0.35, 0.5, 0.45, 0.4, 0.5, 0.4, 0.5, 0.4, 0.45, 0.35), 4))
y <- responses(normal(700, phi), loadings, phi)
write_set("bifactor", coded(y, cuts_of(rep(5, 12), rep(c(-0.3, 0, 0.3, 0.1), 3))))

set.seed(619)   # few people, skewed items with unequal categories
phi <- correlated(3, 0.5)
y <- responses(normal(80, phi), simple(c(0.8, 0.7, 0.75, 0.75, 0.8, 0.7, 0.8, 0.7, 0.75), 3), phi)
write_set("small", coded(y, cuts_of(c(5, 5, 4, 4, 3, 5, 3, 4, 4), c(0.5, -0.5, 0.3, 0, 0, 0.4, -0.3, 0.2, 0))))

# three groups: loadings equal; thresholds of x2 and x7 differ
for (categories in c(2, 3, 5)) {
  set.seed(620 + categories)
  sizes <- c(260, 220, 180)
  parts <- lapply(1:3, function(g) {
    phi <- correlated(2, 0.45)
    f <- normal(sizes[g], phi) * c(1, 1.15, 0.9)[g] + c(0, 0.3, -0.2)[g]
    loadings <- simple(c(0.8, 0.7, 0.6, 0.75, 0.75, 0.65, 0.7, 0.6), 4)
    y <- f %*% t(loadings) + normal(sizes[g], diag(8)) %*% diag(sqrt(1 - rowSums(loadings^2)))
    colnames(y) <- paste0("x", 1:8)
    shift <- c(-0.2, 0, 0.2, 0.1, 0, -0.1, 0.2, -0.2)
    shift[2] <- shift[2] + c(0, 0.35, 0)[g]
    shift[7] <- shift[7] + c(0, 0, 0.35)[g]
    data.frame(coded(y, cuts_of(rep(categories, 8), shift)), site = c("West", "East", "North")[g])
  })
  x <- do.call(rbind, parts)[c(3, 300, 500, setdiff(sample(660), c(3, 300, 500))), ]
  write_set(paste0("groups3_ordinal", categories), x)
  if (categories == 5) {
    x <- x[x$site != "North", ]
    x[, 1:8] <- holed(x[, 1:8], 0.06)
    write_set("groups2_ordinal5_missing", x)
  }
}

# -- people in teams ---------------------------------------------------------------------------------------------------
set.seed(631)
sizes <- sample(3:14, 60, replace = TRUE)
team <- rep(seq_along(sizes), sizes)
n <- length(team)
phi <- correlated(3, 0.4)
f <- sqrt(0.7) * normal(n, phi) + sqrt(0.3) * normal(60, phi)[team, ]
y <- responses(f, simple(c(0.8, 0.7, 0.6, 0.75, 0.65, 0.7, 0.8, 0.6, 0.7), 3), phi)
y <- sqrt(0.85) * y + sqrt(0.15) * matrix(rnorm(60 * 9), 60)[team, ]
x <- data.frame(coded(y, cuts_of(rep(5, 9), seq(-0.3, 0.3, length.out = 9))), team = paste0("T", team))
x <- x[sample(n), ]
write_set("teams", x)

set.seed(632)
x[, 1:9] <- holed(x[, 1:9], 0.05)
x$site <- ifelse(as.integer(sub("T", "", x$team)) %% 3 == 0, "South", "West")
write_set("teams_missing", x)

# -- reverse-keyed items as they were answered: the first of the first and third factor, and one of the second ----------
set.seed(641)
sizes <- c(330, 270)
parts <- lapply(1:2, function(g) {
  general <- c(0.8, 0.7, 0.6, 0.75)
  f <- normal(sizes[g], diag(1)) %*% t(general) + normal(sizes[g], diag(4)) %*% diag(sqrt(1 - general^2))
  f <- f * c(1, 1.15)[g] + c(0, 0.25)[g]
  loadings <- simple(c(0.6, 0.75, 0.7, 0.8, -0.65, 0.7, 0.5, 0.8, 0.7, 0.75, 0.7, 0.6), 3)
  loadings[1, 1] <- -0.6
  loadings[7, 3] <- -0.5
  y <- f %*% t(loadings) + normal(sizes[g], diag(12)) %*% diag(sqrt(1 - rowSums(loadings^2)))
  colnames(y) <- paste0("x", 1:12)
  data.frame(coded(y, cuts_of(rep(5, 12), rep(c(-0.3, 0, 0.4), 4))), site = c("West", "East")[g])
})
x <- do.call(rbind, parts)[sample(600), ]
write_set("reversed", x)
x[, 1:12] <- holed(x[, 1:12], 0.05)
write_set("reversed_missing", x)
