"""index.html: what a reader of a release sees, in one file that asks nothing of anybody.

Here: choosing words, numbers and drawings, and rendering them. Not here: what tables and columns
mean (``portal.codebook``), and the other files of a release (``portal.files``).
"""
