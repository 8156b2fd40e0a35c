"""Other people's libraries, one module each, loaded only when they are used."""
