return { sources = { { type = "dir", path = "src" } } }
