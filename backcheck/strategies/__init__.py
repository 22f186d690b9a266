"""What is drawn: networks, options, sizes and arrays, and the catalogue that says what each rule can be given."""
