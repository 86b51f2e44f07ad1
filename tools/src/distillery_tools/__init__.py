"""Tools for filter authors: label articles, train, calibrate and evaluate students, measure speed."""
