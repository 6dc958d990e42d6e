"""Users of an LDAP directory: OpenLDAP and its kin, Active Directory."""
