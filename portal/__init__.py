"""The portal role: applications for certificates, decided at once where the law is plain."""
