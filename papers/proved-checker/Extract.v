(** * Extraction: each line here is trusted; [whole.ml] has the functions that are named *)

From Coq Require Import ZArith.
From Coq Require Extraction ExtrOcamlBasic.
From Proved Require Import Checker Cells.

Extract Inductive positive => "Whole.t" [ "Whole.odd" "Whole.even" "Whole.one" ] "Whole.match_positive".
Extract Inductive Z => "Whole.t" [ "Whole.zero" "Whole.same" "Whole.opp" ] "Whole.match_integer".
Extract Inlined Constant Z.add => "Whole.add".
Extract Inlined Constant Z.sub => "Whole.sub".
Extract Inlined Constant Z.mul => "Whole.mul".
Extract Inlined Constant Z.opp => "Whole.opp".
Extract Inlined Constant Z.abs => "Whole.abs".
Extract Inlined Constant Z.sgn => "Whole.sgn".
Extract Inlined Constant Z.max => "Whole.max".
Extract Inlined Constant Z.min => "Whole.min".
Extract Inlined Constant Z.eqb => "Whole.eqb".
Extract Inlined Constant Z.leb => "Whole.leb".
Extract Inlined Constant Z.ltb => "Whole.ltb".
Extract Inlined Constant Z.div => "Whole.div".
Extract Inlined Constant Z.gcd => "Whole.gcd".
Extract Inlined Constant Z.lcm => "Whole.lcm".
Extract Inlined Constant Z.log2 => "Whole.log2".
Extract Inlined Constant Z.shiftl => "Whole.shiftl".
Extract Inlined Constant Z.to_pos => "Whole.to_pos".
Extract Inlined Constant Pos.mul => "Whole.mul".

Extraction "checker.ml" preimage regions violates preimage_of_vertices regions_of_vertices.
