"""What must hold: each rule with its id, its reason and its remedy, and the places where it does not."""
