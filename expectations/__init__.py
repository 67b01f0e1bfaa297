"""What must hold of a table as a whole: shares of staging, and what was released.

Here: suites as plain data, their runner, and the quality record a release reads, which names the
rules of dbt too. Not here: how the data is made and what is true of each of its rows (dbt_project),
what may be released (privacy), and when any of it runs (orchestration).
"""
