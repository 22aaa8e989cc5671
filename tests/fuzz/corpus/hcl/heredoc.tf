a = <<-E
    x ${y}
  E
b = 2
