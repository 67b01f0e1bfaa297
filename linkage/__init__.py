"""Which records are the same child: tokens on the agency's side, links on the hub's side.

Agencies turn names and birth dates into keyed tokens (`linkage.tokenize`); the hub joins tokens
without ever holding their key (`linkage.links`). The hotline is never linked: victim-service
programmes may not disclose individual information even if encoded or hashed (28 CFR 94.115,
34 USC 12291(b)(2)). Does not belong here: what a link is counted for; that is the dbt project.
"""
