# Writes versions.txt. Run from this folder: Rscript versions.R
packages <- c("lavaan", "semTools", "pbivnorm", "quadprog", "numDeriv")
writeLines(c(R.version.string, paste(packages, sapply(packages, function(p) as.character(packageVersion(p)))),
             paste("values written", format(Sys.Date()))), "versions.txt")
