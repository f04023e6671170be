(** * What the theorems assume: nothing

    Each of these prints "Closed under the global context". *)

From Proved Require Import Numbers Question Checker Theorems Cells Meaning SecondTheorem Rationals.

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

Print Assumptions preimage_of_vertices_is_right.
Print Assumptions closed_preimage_of_vertices_is_right.
Print Assumptions vertices_hold.
Print Assumptions regions_of_vertices_are_right.
Print Assumptions answer_is_right.
Print Assumptions tiles_are_apart.
Print Assumptions vertices_are_sound.

(** The second theorem, for points of rational numbers and conditions that are not strict. *)
Theorem preimage_of_vertices_of_rationals q certs answers :
  preimage_of_vertices q certs = Some answers -> Forall (Forall (fun c => relates c <> Less)) (targets q) ->
  Forall2 (fun target a => forall x : list (K rationals),
    in_domain q x -> (hits q x target <-> Exists (fun vs => in_hull (F := rational_field) vs x) (tiles a ++ faces a))) (targets q) answers.
Proof. exact (closed_preimage_of_vertices_is_right (F := rational_field) q certs answers). Qed.

Print Assumptions preimage_of_vertices_of_rationals.
