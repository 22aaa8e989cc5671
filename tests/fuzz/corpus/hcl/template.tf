a = "x${f("${y}")}%{ if c ~} z %{ else }q%{ endif }%{ for k, v in m }${v}%{ endfor }"
