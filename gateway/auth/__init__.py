"""The logon domain: model, ports, outcomes and the flows between them. Knows no driver."""
