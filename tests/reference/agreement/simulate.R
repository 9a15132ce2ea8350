# Makes the data sets of data/: answers of respondents in groups to the items of one scale, drawn at random, no real
# person. Run from this folder: Rscript simulate.R
# Columns: group (empty = not known), then items i1, i2, ... (empty = no answer).

set.seed(20261126, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

answers <- function(sizes, items, options, icc, lean = 0, loading = .7) {
  group <- rep(seq_along(sizes), sizes)
  person <- lean + rnorm(length(sizes), 0, sqrt(icc))[group] + rnorm(sum(sizes), 0, sqrt(1 - icc))
  frame <- data.frame(group = sprintf("T%03d", group))
  for (item in seq_len(items)) {
    latent <- loading * person + rnorm(sum(sizes), 0, sqrt(1 - loading^2))
    cuts <- qnorm(seq_len(options - 1) / options)
    frame[[paste0("i", item)]] <- as.integer(cut(latent, c(-Inf, cuts, Inf), labels = FALSE))
  }
  frame
}

save_set <- function(name, frame) {
  frame <- frame[sample(nrow(frame)), ] # respondents come in no order
  write.csv(frame, file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
}

save_set("five_unequal", answers(sample(3:25, 30, replace = TRUE), 6, 5, .15))
save_set("five_leaning", answers(sample(5:14, 20, replace = TRUE), 4, 5, .10, lean = 1.4))
save_set("two_options", answers(sample(2:12, 25, replace = TRUE), 5, 2, .20))
save_set("three_options", answers(sample(4:18, 18, replace = TRUE), 4, 3, .10))
save_set("seven_options", answers(rep(8, 15), 3, 7, .25))
save_set("eleven_options", answers(sample(4:20, 16, replace = TRUE), 2, 11, .12))
save_set("one_item", answers(sample(2:15, 20, replace = TRUE), 1, 5, .15))
save_set("singletons", answers(c(rep(1, 8), sample(2:10, 14, replace = TRUE)), 4, 5, .15))

missing <- answers(sample(4:16, 22, replace = TRUE), 5, 5, .15)
for (item in 2:6) missing[sample(nrow(missing), round(.06 * nrow(missing))), item] <- NA
missing[missing$group == "T004", 3] <- NA # a group in which nobody answered one item
missing$group[sample(nrow(missing), 9)] <- NA
save_set("missing", missing)

# Groups more alike than chance (negative ICC), some of them without any spread, one split into two camps.
alike <- answers(rep(6, 14), 4, 5, 0)
for (item in 2:5) {
  alike[[item]] <- rep(c(1, 2, 3, 3, 4, 5), 14)
  alike[alike$group %in% c("T001", "T002"), item] <- 3
  alike[alike$group == "T003", item] <- c(1, 1, 1, 5, 5, 5)
}
alike$i2[alike$group == "T004"] <- c(2, 2, 3, 3, 3, 2)
save_set("alike", alike)
