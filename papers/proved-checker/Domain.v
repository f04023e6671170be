(** * What the domain says of single inputs is true *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Checker Soundness Leaves Trees.

Section Domain.
Context {F : numbers}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Notation "a <= b" := (le F a b) : K_scope.
Open Scope K_scope.
Notation point := (list (K F)).
Notation "'rational' q" := (of_Q F q) (at level 9).

Variable q : question.

Lemma single_dot w j a (x : point) : single w = Some (j, a) -> dot w x = integer a * nth j x 0 /\ (a <> 0)%Z.
Proof.
  revert j a x. induction w as [|a0 w IH]; intros j a x h; [easy|]. simpl in h. destruct (Z.eqb_spec a0 0) as [->|hne].
  - destruct (single w) as [[j' b]|]; [|easy]. injection h as <- <-. destruct x as [|x0 x].
    + destruct (IH j' b [] eq_refl) as [_ hb]. split; [simpl; ring | exact hb].
    + destruct (IH j' b x eq_refl) as [e hb]. split; [simpl; rewrite e, integer_0; ring | exact hb].
  - destruct (forallb (Z.eqb 0) w) eqn:hz; [|easy]. injection h as <- <-. split; [|exact hne].
    destruct x as [|x0 x]; [simpl; ring|]. simpl. assert (e : dot w x = 0).
    { clear -hz. revert x. induction w as [|a w IH]; intros x; [reflexivity|]. cbn [forallb] in hz. apply andb_true_iff in hz.
      destruct hz as [ha hw]. apply Z.eqb_eq in ha. subst a. destruct x as [|x0 x]; [reflexivity|]. simpl.
      rewrite (IH hw), integer_0. ring. }
    rewrite e. ring.
Qed.

Lemma quotient_spec b a : (a <> 0)%Z -> integer a * rational (quotient b a) = integer b :> K F.
Proof.
  intros ha. unfold quotient. rewrite rational_reduced, integer_mul.
  assert (e : integer a * integer (Z.sgn a) = integer (Zpos (Z.to_pos (Z.abs a))) :> K F).
  { rewrite <- integer_mul, Z2Pos.id by lia. f_equal. rewrite Z.mul_comm, Z.sgn_abs || idtac. destruct a; simpl; lia. }
  transitivity (part (Z.to_pos (Z.abs a)) * (integer a * integer (Z.sgn a)) * integer b); [ring | rewrite e, part_integer; ring].
Qed.

Lemma cancel_positive a (u v : K F) : (0 < a)%Z -> integer a * u <= integer a * v -> u <= v.
Proof.
  intros ha h. destruct a as [|p|p]; try lia. apply (le_mul (part p)) in h; [|apply part_nonneg].
  replace u with (part p * integer (Zpos p) * u) by (rewrite part_integer; ring).
  replace v with (part p * integer (Zpos p) * v) by (rewrite part_integer; ring).
  replace (part p * integer (Zpos p) * u) with (part p * (integer (Zpos p) * u)) by ring.
  replace (part p * integer (Zpos p) * v) with (part p * (integer (Zpos p) * v)) by ring. exact h.
Qed.

Lemma cancel_negative a (u v : K F) : (a < 0)%Z -> integer a * u <= integer a * v -> v <= u.
Proof.
  intros ha h. apply cancel_positive with (Z.opp a); [lia|]. rewrite !integer_opp. apply le_opp in h.
  replace (- integer a * v) with (- (integer a * v)) by ring. replace (- integer a * u) with (- (integer a * u)) by ring. exact h.
Qed.

Definition inputs_within (e : list interval) (x : point) : Prop :=
  length e = length x /\ forall j, within (nth j e unknown) (nth j x 0).

Lemma inputs_changed e (x : point) j upper v :
  inputs_within e x -> (if upper : bool then nth j x 0 <= rational v else rational v <= nth j x 0) ->
  inputs_within (changed j (improved upper v) e) x.
Proof.
  intros [hl he] h. split; [now rewrite length_changed|]. intros j'.
  destruct (nth_changed j (improved upper v) e j' unknown) as [eq|[-> eq]]; rewrite eq; [apply he|].
  now apply within_improved.
Qed.

Lemma of_condition_sound e c (x : point) : inputs_within e x -> holds [] x c -> inputs_within (of_condition e c) x.
Proof.
  intros he hc. unfold of_condition. destruct (form c) as [|w [|w' a']] eqn:hf; try exact he.
  destruct (single w) as [[j a]|] eqn:hs; [|exact he]. destruct (single_dot w j a x hs) as [hd ha].
  unfold holds, excess in hc. rewrite hf in hc. simpl in hc. apply relation_holds_part in hc. rewrite hd in hc.
  replace (integer a * nth j x 0 + 0 - integer (bound c)) with (integer a * nth j x 0 - integer a * rational (quotient (bound c) a)) in hc
    by (rewrite quotient_spec by exact ha; ring).
  set (v := quotient (bound c) a) in *.
  assert (one_side : integer a * nth j x 0 <= integer a * rational v -> inputs_within (changed j (improved (0 <? a)%Z v) e) x).
  { intros h. apply inputs_changed; [exact he|]. destruct (Z.ltb_spec 0 a); [apply cancel_positive with a | apply cancel_negative with a];
      try lia; exact h. }
  destruct (relates c); simpl in hc.
  - apply one_side. apply le_minus. apply hc.
  - apply one_side. apply le_minus. exact hc.
  - assert (e1 : integer a * nth j x 0 <= integer a * rational v) by (apply le_minus; rewrite hc; apply le_refl).
    assert (e2 : integer a * rational v <= integer a * nth j x 0).
    { apply le_difference. rewrite hc. apply le_refl. }
    apply inputs_changed; [now apply one_side|]. destruct (Z.ltb_spec a 0); [apply cancel_negative with a | apply cancel_positive with a];
      try lia; exact e1 || exact e2.
Qed.

Lemma nth_unknown {A} (l : list A) i : nth i (map (fun _ => unknown) l) unknown = unknown.
Proof. revert i. induction l as [|a l IH]; intros [|i]; simpl; auto. Qed.

Lemma at_first_sound (x : point) : in_domain q x -> valid q (at_first q) x.
Proof.
  intros [hx hd]. assert (hi : inputs_within (of_inputs (at_first q)) x).
  { simpl. assert (h0 : inputs_within (repeat unknown (inputs q)) x).
    { split; [now rewrite repeat_length|]. intros j. rewrite nth_repeat. apply within_unknown. }
    revert h0. generalize (repeat unknown (inputs q)). induction hd as [|c cs hc _ IH]; intros e he; [exact he|].
    simpl. apply IH. now apply of_condition_sound. }
  split; [apply hi|]. intros r f hr. destruct r as [j|d i|i|i]; simpl; try apply within_unknown.
  - rewrite (value_of_input q [] j f x hr). apply hi.
  - assert (e : nth i (nth d (map (fun l => map (fun _ => unknown) (neurons l)) (network q)) []) unknown = unknown).
    { clear hr. generalize (network q). induction d as [|d IH]; intros [|l net]; simpl; auto using nth_unknown; now destruct i. }
    rewrite e. apply within_unknown.
Qed.

End Domain.
