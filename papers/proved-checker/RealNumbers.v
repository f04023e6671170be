(** * The real numbers are such numbers

    This file is not part of the proof: Coq's real numbers rest on axioms of their own, which the theorems do not. *)

From Coq Require Import Reals Qreals Lra.
From Proved Require Import Numbers Fields.

Program Definition reals : numbers := {|
  K := R; zero := 0%R; one := 1%R; add := Rplus; mul := Rmult; sub := Rminus; opp := Ropp;
  is_ring := RTheory; le := Rle; of_Q := Q2R; relu := Rmax 0 |}.
Next Obligation. lra. Qed.
Next Obligation. lra. Qed.
Next Obligation. lra. Qed.
Next Obligation. lra. Qed.
Next Obligation. lra. Qed.
Next Obligation. now apply Rmult_le_pos. Qed.
Next Obligation. unfold Q2R. simpl. lra. Qed.
Next Obligation. apply Q2R_plus. Qed.
Next Obligation. apply Q2R_mult. Qed.
Next Obligation. split; [apply Qle_Rle | apply Rle_Qle]. Qed.
Next Obligation. now apply Rmax_right. Qed.
Next Obligation. now apply Rmax_left. Qed.

From Proved Require Import Question Checker Trees Theorems.

Theorem preimage_of_reals q cert ans :
  preimage q cert = Some ans ->
  Forall2 (fun target ps => forall x : list (K reals),
    in_domain q x -> (hits q x target <-> Exists (fun p => inside x (polyhedron p)) ps)) (targets q) ans.
Proof. exact (preimage_is_right (F := reals) q cert ans). Qed.

Program Definition real_field : field := {| carrier := reals; inverse := Rinv |}.
Next Obligation. now apply Rinv_l. Qed.
Next Obligation. apply Req_dec. Qed.
