"""From a verdict to a finding: the rule at fault, the smallest failing network, the fault in words, a script."""
