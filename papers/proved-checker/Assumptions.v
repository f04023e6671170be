(** * What the theorems assume: nothing

    Each of these prints "Closed under the global context". *)

From Proved Require Import Numbers Question Checker Theorems Rationals.

Print Assumptions preimage_is_right.
Print Assumptions holds_is_right.
Print Assumptions tiles_are_shown.
Print Assumptions pieces_are_apart.
Print Assumptions regions_are_right.
Print Assumptions violates_is_right.
Print Assumptions preimage_is_sound.
Print Assumptions regions_is_sound.
Print Assumptions violates_is_sound.

(** The first theorem, for points of rational numbers. *)
Theorem preimage_of_rationals q cert ans :
  preimage q cert = Some ans ->
  Forall2 (fun target ps => forall x : list (K rationals),
    in_domain q x -> (hits q x target <-> Exists (fun p => inside x (polyhedron p)) ps)) (targets q) ans.
Proof. exact (preimage_is_right (F := rationals) q cert ans). Qed.

Print Assumptions preimage_of_rationals.
