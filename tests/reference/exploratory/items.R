# Item descriptives. Writes items.csv. Run from this folder: Rscript items.R       Needs psych.
suppressPackageStartupMessages(library(psych))
source("common.R")

for (name in c("clean", "missing5", "mixed", "skewed", "small", "binary", "ten", "reversed", "one")) {
  x <- read_set(name)
  for (type in 1:3) { # 1: moments with n; 2: as SAS and SPSS; 3: b1, moments with the n - 1 SD (psych's default)
    found <- psych::describe(x, type = type)
    for (column in if (type == 3) c("n", "mean", "sd", "median", "min", "max", "skew", "kurtosis", "se") else
      c("skew", "kurtosis")) {
      quantity <- if (column %in% c("skew", "kurtosis")) paste(column, "type", type) else column
      keep(name, "", "", "psych", quantity, setNames(found[[column]], names(x)))
    }
  }
  keep(name, "", "", "formula", "missing share", colMeans(is.na(x)))
  # floor and ceiling: the share of answers at the lowest and highest option anyone used (of that item), and at the
  # lowest and highest option used anywhere in the set; they differ where an end category is empty (skewed)
  keep(name, "", "", "formula", "floor share used", sapply(x, function(v) mean(v == min(v, na.rm = TRUE), na.rm = TRUE)))
  keep(name, "", "", "formula", "ceiling share used", sapply(x, function(v) mean(v == max(v, na.rm = TRUE), na.rm = TRUE)))
  low <- min(x, na.rm = TRUE)
  high <- max(x, na.rm = TRUE)
  keep(name, "", "", "formula", "floor share of set", sapply(x, function(v) mean(v == low, na.rm = TRUE)))
  keep(name, "", "", "formula", "ceiling share of set", sapply(x, function(v) mean(v == high, na.rm = TRUE)))
  for (item in names(x)) {
    counts <- table(x[[item]])
    keep(name, "", "", "formula", "count", matrix(counts, 1, dimnames = list(item, names(counts))))
  }
  complete <- na.omit(x)
  total <- rowSums(complete)
  keep(name, "listwise", "", "formula", "item-rest r", sapply(complete, function(v) cor(v, total - v)))
  keep(name, "listwise", "", "formula", "item-total r", sapply(complete, function(v) cor(v, total)))
}
save_values("items.csv")
