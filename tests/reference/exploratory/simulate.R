# Makes the data sets of data/: answers of simulated respondents, no real person.
# Run from this folder: Rscript simulate.R     (R alone, no package; a second run writes the same bytes)
# Every file: one column per item (i1, i2, ...), one row per respondent, empty = no answer.

set.seed(20261125, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
dir.create("data", showWarnings = FALSE)

# n draws of multivariate normal rows with unit variances: common part L F, unique part.
latent <- function(n, loadings, phi = diag(ncol(loadings))) {
  implied <- loadings %*% phi %*% t(loadings)
  factors <- matrix(rnorm(n * ncol(loadings)), n) %*% chol(phi)
  unique <- matrix(rnorm(n * nrow(loadings)), n) %*% diag(sqrt(1 - diag(implied)))
  factors %*% t(loadings) + unique
}

# Category k where the latent answer lies between thresholds k - 1 and k; `codes` are the numbers written.
categories <- function(x, cuts, codes = seq_len(length(cuts) + 1)) codes[findInterval(x, cuts) + 1]

# Thresholds that give `k` categories, centred at `shift`, a little different per item.
cuts <- function(k, shift = 0, width = 1.1) shift + if (k == 2) 0 else seq(-width, width, length.out = k - 1)

# One loading of about `size` per item, `per` items a factor.
simple <- function(factors, per, low = .5, high = .8) {
  loadings <- matrix(0, factors * per, factors)
  for (j in seq_len(factors)) loadings[(j - 1) * per + seq_len(per), j] <- seq(high, low, length.out = per)
  loadings
}

equal_phi <- function(factors, r) matrix(r, factors, factors) + diag(1 - r, factors)

save_set <- function(name, answers) {
  answers <- as.data.frame(answers)
  if (is.null(colnames(answers)) || colnames(answers)[1] == "V1") names(answers) <- paste0("i", seq_along(answers))
  write.csv(answers, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
  invisible(answers)
}

# clean: 12 five-point items, three correlated factors.
phi <- equal_phi(3, .4); phi[1, 3] <- phi[3, 1] <- .2
z <- latent(500, simple(3, 4), phi)
clean <- sapply(1:12, function(j) categories(z[, j], cuts(5, shift = (j %% 4 - 1.5) / 4)))
save_set("clean", clean)

# missing5: the same answers, 5 % of the cells empty at random, respondent 7 without any answer.
missing <- clean
missing[sample(length(missing), round(.05 * length(missing)))] <- NA
missing[7, ] <- NA
save_set("missing5", missing)

# mixed: 2, 3, 5 and 7 categories, two factors.
z <- latent(400, simple(2, 4, .45, .8), equal_phi(2, .35))
options <- c(2, 5, 3, 7, 7, 2, 5, 3)
save_set("mixed", sapply(1:8, function(j) categories(z[, j], cuts(options[j], shift = (j %% 3 - 1) / 3))))

# skewed: strong skew both ways; category 4 of i3 and 2 of i6 were never chosen, nor 5 of i4 and 1 of i8.
z <- latent(300, simple(2, 4, .5, .75), equal_phi(2, .3))
skewed <- sapply(1:8, function(j) categories(z[, j], cuts(5, shift = ifelse(j %% 2, .9, -.9), width = .75)))
skewed[skewed[, 3] == 4, 3] <- 5
skewed[skewed[, 6] == 2, 6] <- 1
skewed[skewed[, 4] == 5, 4] <- 4
skewed[skewed[, 8] == 1, 8] <- 2
save_set("skewed", skewed)

# small: 60 respondents, nine five-point items, two factors.
z <- latent(60, rbind(simple(2, 4, .5, .75), c(.4, .4)), equal_phi(2, .3))
save_set("small", apply(z, 2, categories, cuts(5)))

# large36: 36 five-point items, six correlated factors.
z <- latent(600, simple(6, 6, .5, .8), equal_phi(6, .35))
save_set("large36", sapply(1:36, function(j) categories(z[, j], cuts(5, shift = (j %% 5 - 2) / 4))))

# crossloadings: most items load on two or three factors, so that rotations have several local optima.
loadings <- rbind(c(.7, .0, .0, .0), c(.6, .4, .0, .0), c(.5, .0, .4, .0), c(.0, .7, .0, .0), c(.0, .5, .5, .0),
                  c(.4, .5, .0, .3), c(.0, .0, .7, .0), c(.0, .3, .5, .4), c(.4, .0, .5, .0), c(.0, .0, .0, .7),
                  c(.4, .0, .0, .5), c(.0, .4, .0, .5), c(.0, .0, .4, .5), c(.4, .3, .3, .3))
z <- latent(400, loadings, equal_phi(4, .15))
save_set("crossloadings", apply(z, 2, categories, cuts(5)))

# binary: eight yes/no items coded 0 and 1, two factors, no empty cell in any pair table.
z <- latent(350, simple(2, 4, .5, .8), equal_phi(2, .4))
save_set("binary", sapply(1:8, function(j) categories(z[, j], (j %% 4 - 1.5) / 2.5, 0:1)))

# ten: ten categories coded 0..9 for odd items, 10, 20, ..., 100 for even ones.
z <- latent(300, simple(2, 4, .5, .8), equal_phi(2, .3))
save_set("ten", sapply(1:8, function(j) {
  categories(z[, j], cuts(10, shift = (j %% 3 - 1) / 4, width = 1.3), if (j %% 2) 0:9 else seq(10, 100, 10))
}))

# reversed: half of the items load negatively (codes 1 to 5, answers not reversed).
loadings <- simple(2, 5, .5, .8) * rep(c(1, -1), 5)
z <- latent(350, loadings, equal_phi(2, .3))
save_set("reversed", apply(z, 2, categories, cuts(5)))

# heywood: few respondents and two items a factor make a uniqueness of zero (found by the seed).
set.seed(1)
loadings <- rbind(c(.75, 0), c(.7, 0), c(.65, 0), c(.6, .1), c(0, .9), c(0, .45))
z <- latent(120, loadings, equal_phi(2, .3))
save_set("heywood", apply(z, 2, categories, cuts(5)))

# emptycell: six binary items; rare answers leave an empty cell in some 2 x 2 tables.
set.seed(5)
z <- latent(150, matrix(c(.8, .75, .7, .7, .6, .6)))
save_set("emptycell", sapply(1:6, function(j) categories(z[, j], c(1.9, -.2, .3, -1.8, .1, .6)[j], 0:1)))

# nonpd: 60 respondents, eight items of two to four categories: a polychoric matrix that is not positive definite.
set.seed(11)
z <- latent(60, simple(2, 4, .85, .95), equal_phi(2, .6))
save_set("nonpd", sapply(1:8, function(j) categories(z[, j], cuts(2 + j %% 3, shift = (j %% 2) / 2, width = .6))))

# polyserial: three continuous columns (three decimals), then items of 5, 3 and 2 categories.
set.seed(23)
z <- latent(400, matrix(c(.8, .7, .6, .75, .7, .65)))
mixed <- data.frame(c1 = round(50 + 10 * z[, 1], 3), c2 = round(3 * z[, 2], 3), c3 = round(z[, 3] - 1, 3),
                    o5 = categories(z[, 4], cuts(5, .2)), o3 = categories(z[, 5], cuts(3, -.2)),
                    o2 = categories(z[, 6], .4))
save_set("polyserial", mixed)

# bifactor: 12 items, a general factor and three group factors.
set.seed(29)
loadings <- cbind(seq(.7, .5, length.out = 12), simple(3, 4, .35, .55))
z <- latent(600, loadings)
save_set("bifactor", sapply(1:12, function(j) categories(z[, j], cuts(5, shift = (j %% 3 - 1) / 4))))

# one: six five-point items, one factor, unequal loadings (reliability of a single scale).
set.seed(31)
z <- latent(250, matrix(c(.8, .75, .7, .6, .5, .4)))
save_set("one", sapply(1:6, function(j) categories(z[, j], cuts(5, shift = j / 10))))

# retest: scale scores 0-100 of 120 people on two occasions, a small shift between them;
# retest_missing: the same, some people without the second answer.
set.seed(37)
person <- rnorm(120, 60, 13)
retest <- data.frame(first = round(person + rnorm(120, 0, 6), 2), second = round(person + 2 + rnorm(120, 0, 7), 2))
save_set("retest", retest)
retest$second[c(3, 18, 44, 45, 90, 101)] <- NA
retest$first[c(7, 90)] <- NA
save_set("retest_missing", retest)

# retest3: three occasions, 60 people.
person <- rnorm(60, 3, .8)
save_set("retest3", data.frame(first = round(person + rnorm(60, 0, .5), 3), second = round(person + rnorm(60, .1, .5), 3),
                               third = round(person + rnorm(60, .3, .6), 3)))

# teams: six five-point items of one scale, 300 people in 30 teams of unequal size; the team explains 15 %.
set.seed(41)
sizes <- rep(c(4, 7, 10, 13, 16), 6)
team <- rep(seq_along(sizes), sizes)
general <- sqrt(.15) * rnorm(30)[team] + sqrt(.85) * rnorm(300)
z <- sapply(c(.8, .75, .7, .65, .6, .55), function(a) a * general + sqrt(1 - a^2) * rnorm(300))
answers <- apply(z, 2, categories, cuts(5))
colnames(answers) <- paste0("i", 1:6)
save_set("teams", data.frame(team = sprintf("T%02d", team), answers))
