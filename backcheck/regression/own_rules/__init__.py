"""The rules of somebody's own table: what an entry may be, which arrays it takes, and how it is drawn and asked."""
