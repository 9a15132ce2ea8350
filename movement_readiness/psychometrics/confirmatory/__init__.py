"""Confirmatory factor analysis: models in lavaan's syntax, continuous and ordered answers, groups, teams."""
