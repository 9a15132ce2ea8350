# Writes within.csv, reml.csv, shrunken.csv and versions.txt for the data sets of data/ and those of ../icc/data/.
# Run from this folder: Rscript values.R      Needs multilevel and lme4.
#
# within.csv: dataset, program, quantity, group, value. Program multilevel: rwg.j (rwg for one item) against uniform,
#   slight, moderate and heavy nulls (the variances are those of LeBreton & Senter 2008, Table 2), ad.m about mean and
#   median, of the scale and of the first item; respondents with a missing answer are left out by the functions
#   themselves. NA (groups of one) has no row.
# reml.csv: dataset, program, quantity, value. Of scale means over the items (sums of complete respondents / items) and
#   of the numbers of ../icc/data. Program lme4: the restricted deviance function of lmer (devFunOnly = TRUE) as a
#   function of theta = sqrt(ratio), taken to its least value by uniroot on its slope (numerically differentiated to
#   fourth order), so that no optimiser's tolerance enters; var_between and var_within at that point from lmer's own
#   deviance components; profile limits of ICC(1) where the deviance is qchisq(level, 1) above it.
#   Program lmer: what lmer gives by itself.
#
# shrunken.csv: dataset, quantity, group, value. What lmer gives as variances, centre (fixef), its variance (vcov) and
#   mean of each group (coef), with the group's own mean and n, for the data of ../icc/data with a positive estimate.

suppressPackageStartupMessages({
  library(multilevel)
  library(lme4)
})

within <- list()
keep <- function(dataset, quantity, table) {
  table <- table[!is.na(table[[2]]), ]
  within[[length(within) + 1]] <<- data.frame(dataset, program = "multilevel", quantity, group = table[[1]],
                                               value = table[[2]])
}
reml <- list()
store <- function(dataset, program, ...) {
  found <- list(...)
  reml[[length(reml) + 1]] <<- data.frame(dataset, program, quantity = names(found), value = unlist(found))
}

options_of <- c(five_unequal = 5, five_leaning = 5, two_options = 2, three_options = 3, seven_options = 7,
                eleven_options = 11, one_item = 5, singletons = 5, missing = 5, alike = 5)
tabled <- list(`5` = c(slight = 1.34, moderate = .90, heavy = .44), `7` = c(slight = 2.90, moderate = 2.14, heavy = 1.39),
               `11` = c(slight = 7.31, moderate = 6.32, heavy = 4.02))

mixed_model <- function(name, value, group) {
  frame <- na.omit(data.frame(value, group = factor(group)))
  frame$group <- factor(frame$group)
  if (nlevels(frame$group) < 2 || all(table(frame$group) == 1)) return(invisible())
  deviance <- suppressMessages(lmer(value ~ 1 + (1 | group), data = frame, devFunOnly = TRUE))
  fitted <- suppressMessages(lmer(value ~ 1 + (1 | group), data = frame))
  start <- sqrt(as.data.frame(VarCorr(fitted))$vcov[1] / sigma(fitted)^2)
  slope <- function(theta, h = 1e-3) {
    (-deviance(theta + 2 * h) + 8 * deviance(theta + h) - 8 * deviance(theta - h) + deviance(theta - 2 * h)) / (12 * h)
  }
  least <- start
  if (start > .02) least <- uniroot(slope, c(.8, 1.25) * start, tol = 1e-13, extendInt = "upX")$root
  if (start <= .02) least <- 0
  best <- deviance(least)
  n <- nrow(frame)
  # at the least point the profiled residual variance is pwrss / (n - 1)
  sizes <- as.vector(table(frame$group)); means <- as.vector(tapply(frame$value, frame$group, mean))
  ss <- sum((frame$value - ave(frame$value, frame$group))^2)
  w <- sizes / (1 + sizes * least^2); centre <- sum(w * means) / sum(w)
  var_within <- (ss + sum(w * (means - centre)^2)) / (n - 1)
  store(name, "lme4", criterion = best, icc1 = least^2 / (1 + least^2), var_within = var_within,
        var_between = least^2 * var_within, criterion_at_half = deviance(.5), criterion_at_two = deviance(2),
        criterion_at_zero = deviance(0))
  for (level in c(90, 95)) {
    above <- function(theta) deviance(theta) - best - qchisq(level / 100, 1)
    low <- if (above(0) <= 0) 0 else uniroot(above, c(0, least), tol = 1e-14)$root
    high <- uniroot(above, c(least, 2 * least + 2), tol = 1e-14, extendInt = "upX")$root
    found <- list(low^2 / (1 + low^2), high^2 / (1 + high^2))
    names(found) <- paste0(c("icc1_ci_low_", "icc1_ci_high_"), level)
    do.call(store, c(list(name, "lme4"), found))
  }
  variances <- as.data.frame(VarCorr(fitted))$vcov
  store(name, "lmer", var_between = variances[1], var_within = variances[2], criterion = REMLcrit(fitted))
}

for (path in sort(list.files("data", full.names = TRUE))) {
  name <- sub("\\.csv$", "", basename(path))
  frame <- read.csv(path, na.strings = "", colClasses = c(group = "character"))
  known <- frame[!is.na(frame$group), ]
  items <- known[, -1, drop = FALSE]
  options <- options_of[[name]]
  nulls <- c(uniform = (options^2 - 1) / 12, tabled[[as.character(options)]])
  for (null in names(nulls)) {
    found <- if (ncol(items) == 1) rwg(items[[1]], known$group, nulls[[null]]) else rwg.j(items, known$group, nulls[[null]])
    keep(name, paste0("rwg_j_", null), found)
  }
  for (type in c("mean", "median")) {
    keep(name, paste0("ad_", type), ad.m(if (ncol(items) == 1) items[[1]] else items, known$group, type = type))
    first <- known[!is.na(known$i1), ]
    keep(name, paste0("ad_first_item_", type), ad.m(first$i1, first$group, type = type))
  }
  complete <- known[complete.cases(items), ]
  mixed_model(name, rowMeans(complete[, -1, drop = FALSE]), complete$group)
}
shrunken <- list()
group_means <- function(name, frame) {
  frame <- na.omit(frame)
  fitted <- suppressMessages(lmer(value ~ 1 + (1 | group), data = frame))
  variances <- as.data.frame(VarCorr(fitted))$vcov
  if (variances[1] == 0) return(invisible())
  put <- function(quantity, group, value) {
    shrunken[[length(shrunken) + 1]] <<- data.frame(dataset = name, quantity, group, value)
  }
  put("var_between", "", variances[1]); put("var_within", "", variances[2])
  put("centre", "", fixef(fitted)[[1]]); put("centre_variance", "", as.matrix(vcov(fitted))[1, 1])
  found <- coef(fitted)$group
  put("shrunken", rownames(found), found[[1]])
  own <- tapply(frame$value, frame$group, mean)
  put("mean", names(own), as.vector(own))
  put("n", names(own), as.vector(table(frame$group)))
}
for (path in sort(list.files("../icc/data", full.names = TRUE))) {
  frame <- read.csv(path, na.strings = "", colClasses = c("character", "numeric"))
  if (basename(path) %in% c("unbalanced.csv", "singletons.csv", "few_groups.csv", "missing.csv", "likert_sum.csv"))
    group_means(sub("\\.csv$", "", basename(path)), frame)
  mixed_model(paste0("icc/", sub("\\.csv$", "", basename(path))), frame$value, frame$group)
}

write_values <- function(rows, file) {
  rows <- do.call(rbind, rows)
  rows$value <- sprintf("%.17g", rows$value)
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
}
write_values(within, "within.csv")
write_values(reml, "reml.csv")
write_values(shrunken, "shrunken.csv")
writeLines(c(R.version.string, paste("multilevel", packageVersion("multilevel")), paste("lme4", packageVersion("lme4")),
             paste("values written", format(Sys.Date()))), "versions.txt")
