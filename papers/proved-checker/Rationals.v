(** * The rationals are such numbers *)

From Coq Require Import Qcanon.
From Proved Require Import Numbers Fields.

Definition relu_Qc (z : Qc) : Qc := if Qclt_le_dec z 0 then 0%Qc else z.

Lemma Q2Qc_this (q : Q) : (this (Q2Qc q) == q)%Q.
Proof. apply Qred_correct. Qed.

Program Definition rationals : numbers := {|
  K := Qc; zero := 0%Qc; one := 1%Qc; add := Qcplus; mul := Qcmult; sub := Qcminus; opp := Qcopp;
  is_ring := Qcrt; le := Qcle; of_Q := Q2Qc; relu := relu_Qc |}.
Next Obligation. apply Qcle_refl. Qed.
Next Obligation. eapply Qcle_trans; eassumption. Qed.
Next Obligation. now apply Qcle_antisym. Qed.
Next Obligation. destruct (Qclt_le_dec a b) as [h|h]; [left; now apply Qclt_le_weak | now right]. Qed.
Next Obligation. apply Qcplus_le_compat; [assumption | apply Qcle_refl]. Qed.
Next Obligation. replace 0%Qc with (0 * b)%Qc by ring. now apply Qcmult_le_compat_r. Qed.
Next Obligation. apply Qc_is_canon. unfold Qcplus. rewrite !Q2Qc_this. reflexivity. Qed.
Next Obligation. apply Qc_is_canon. unfold Qcmult. rewrite !Q2Qc_this. reflexivity. Qed.
Next Obligation. unfold Qcle. rewrite !Q2Qc_this. reflexivity. Qed.
Next Obligation. unfold relu_Qc. destruct (Qclt_le_dec z 0) as [h|h]; [|reflexivity]. now apply Qclt_not_le in h. Qed.
Next Obligation.
  unfold relu_Qc. destruct (Qclt_le_dec z 0) as [h|h]; [reflexivity | now apply Qcle_antisym].
Qed.

Program Definition rational_field : field := {| carrier := rationals; inverse := Qcinv |}.
Next Obligation. now apply Qcmult_inv_l. Qed.
Next Obligation. destruct (Qc_eq_dec a 0) as [e|e]; [now left | now right]. Qed.
