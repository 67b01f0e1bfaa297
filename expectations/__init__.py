"""What must hold of the data: after staging, before a release, and of what was released.

Here: suites as plain data, their runner, and the gate record a release reads. Not here: how the
data is made (dbt_project), what may be released (privacy), and when any of it runs
(orchestration).
"""
