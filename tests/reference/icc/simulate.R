# Makes the data sets of data/: scores of respondents in groups, drawn at random, no real person.
# Run from this folder: Rscript simulate.R
# Columns: group (empty = not known), value (empty = no answer), 17 significant digits.

set.seed(20261123, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

scores <- function(sizes, icc, mean = 50, sd = 15) {
  group <- rep(seq_along(sizes), sizes)
  between <- rnorm(length(sizes), 0, sqrt(icc))
  data.frame(group = sprintf("T%03d", group),
             value = mean + sd * (between[group] + rnorm(sum(sizes), 0, sqrt(1 - icc))))
}

save_set <- function(name, frame) {
  frame <- frame[sample(nrow(frame)), ] # respondents come in no order
  text <- data.frame(group = ifelse(is.na(frame$group), "", frame$group),
                     value = ifelse(is.na(frame$value), "", sprintf("%.17g", frame$value)))
  write.csv(text, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

save_set("balanced", scores(rep(6, 20), .20))
save_set("balanced_high", scores(rep(9, 12), .60))
save_set("unbalanced", scores(sample(2:25, 30, replace = TRUE), .10))
save_set("singletons", scores(c(rep(1, 9), sample(2:14, 15, replace = TRUE)), .15))
save_set("few_groups", scores(c(4, 7, 15), .10))
save_set("two_groups", scores(c(3, 200), .05))
save_set("many_groups", scores(sample(1:30, 300, replace = TRUE), .12))

missing <- scores(sample(4:18, 22, replace = TRUE), .15)
missing$value[sample(nrow(missing), round(.15 * nrow(missing)))] <- NA
missing$value[missing$group == "T007"] <- NA # a whole group without an answer
missing$group[sample(nrow(missing), 11)] <- NA
save_set("missing", missing)

# Groups whose means are more alike than chance allows: a negative ICC(1).
pulled <- function(sizes) {
  frame <- scores(sizes, 0)
  frame$value <- frame$value - .8 * (ave(frame$value, frame$group) - mean(frame$value))
  frame
}
save_set("negative", pulled(rep(5, 12)))
save_set("negative_unbalanced", pulled(c(3, 4, 6, 6, 9, 14, 30)))

# Sums of six five-point items, bounded at both ends, with many ties.
likert <- scores(sample(5:20, 25, replace = TRUE), .12, mean = 0, sd = 1)
items <- sapply(1:6, function(i) {
  cut(.7 * likert$value + rnorm(nrow(likert), 0, .7), c(-Inf, -1.6, -.9, -.1, .8, Inf), labels = FALSE)
})
likert$value <- rowSums(items)
save_set("likert_sum", likert)
likert$value <- items[, 1] # one item, whole numbers from 1 to 5
save_set("likert_item", likert)

# A mean 100,000 standard deviations from zero: programs that square raw scores lose digits here.
save_set("far_from_zero", scores(sample(3:12, 16, replace = TRUE), .25, mean = 1e5, sd = 1))
