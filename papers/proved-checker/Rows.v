(** * The rows of a network: linear for each pattern, and what they are where the pattern is right *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Cover Cells.

Section Rows.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).

(** ** The evaluation in numbers *)

Notation sum_of := (weighted_sum (zero F) (add F) (mul F) integer).
Notation run_with gate := (run (zero F) (add F) (mul F) integer gate).
Notation entering_with := (entered (zero F) (add F) (mul F) integer).
Notation rows_with gate := (all_rows (zero F) (add F) (mul F) integer gate).
Notation linear_with := (linear_of (zero F) (add F) (mul F) integer).
Notation excess_with := (excess_at (zero F) (add F) (mul F) integer).

(** The gates of ReLUs, and of a pattern, the latest sign first. *)
Definition relus_gate (_ : nat) (z : K F) : K F := relu F z.
Definition pattern_gate (q : list bool) (i : nat) (z : K F) : K F := if nth i (rev q) false then z else 0.

Variables (net : list layer) (target : list condition).

Definition value (i : nat) (y : vector) : K F := nth i (rev (rows_with relus_gate net target y)) 0.
Definition form (q : list bool) (y : vector) : K F := nth (length q) (rev (rows_with (pattern_gate q) net target y)) 0.

(** ** Rows are linear *)

Lemma sum_linear w a (x : vector) b y : length x = length y -> sum_of w (comb a x b y) = a * sum_of w x + b * sum_of w y.
Proof.
  revert x y. induction w as [|w0 w IH]; intros [|x0 x] [|y0 y] h; simpl in *; try easy; try ring. rewrite IH by lia. ring.
Qed.

Lemma tl_comb a (x : vector) b y : length x = length y -> tl (comb a x b y) = comb a (tl x) b (tl y).
Proof. destruct x, y; easy. Qed.
Lemma hd_comb a (x : vector) b y : length x = length y -> hd 0 (comb a x b y) = a * hd 0 x + b * hd 0 y.
Proof. destruct x, y; simpl; try easy. intros _. ring. Qed.

Lemma comb_app a (x x' : vector) b y y' : length x = length y -> comb a (x ++ x') b (y ++ y') = comb a x b y ++ comb a x' b y'.
Proof. revert y. induction x as [|x0 x IH]; intros [|y0 y] h; simpl in *; try easy. now rewrite IH by lia. Qed.
Lemma comb_rev a (x : vector) b y : length x = length y -> comb a (rev x) b (rev y) = rev (comb a x b y).
Proof.
  revert y. induction x as [|x0 x IH]; intros [|y0 y] h; simpl in *; try easy. rewrite comb_app by (rewrite !rev_length; lia). now rewrite IH by lia.
Qed.
Lemma nth_comb i a (x : vector) b y : length x = length y -> nth i (comb a x b y) 0 = a * nth i x 0 + b * nth i y 0.
Proof.
  revert i y. induction x as [|x0 x IH]; intros [|i] [|y0 y] h; simpl in *; try easy; try ring. apply IH. lia.
Qed.

Fixpoint comb_all (a : K F) (xs : list vector) (b : K F) (ys : list vector) : list vector :=
  match xs, ys with x :: xs', y :: ys' => comb a x b y :: comb_all a xs' b ys' | _, _ => [] end.
Definition same_shape : list vector -> list vector -> Prop := Forall2 (fun x y => length x = length y).

Lemma hd_comb_all a xs b ys : same_shape xs ys -> hd [] (comb_all a xs b ys) = comb a (hd [] xs) b (hd [] ys).
Proof. now destruct 1. Qed.
Lemma hd_same xs ys : same_shape xs ys -> length (hd [] xs) = length (hd [] ys).
Proof. now destruct 1. Qed.

Lemma entered_linear l a s (h : vector) b t h' : length h = length h' ->
  entering_with l (a * s + b * t) (comb a h b h') = comb a (entering_with l s h) b (entering_with l t h').
Proof.
  intros hh. unfold entered. induction (neurons l) as [|n ns IH]; [reflexivity|]. simpl. rewrite IH, sum_linear by exact hh. f_equal. ring.
Qed.
Lemma length_entered l t (h : vector) : length (entering_with l t h) = length (neurons l).
Proof. apply map_length. Qed.

Definition linear_gate (gate : nat -> K F -> K F) : Prop := forall i a u b v, gate i (a * u + b * v) = a * gate i u + b * gate i v.

Lemma pattern_gate_linear q : linear_gate (pattern_gate q).
Proof. intros i a u b v. unfold pattern_gate. destruct (nth i (rev q) false); ring. Qed.

Lemma gated_linear gate i on a (x : vector) b y : linear_gate gate -> length x = length y ->
  gated gate i on (comb a x b y) = comb a (gated gate i on x) b (gated gate i on y).
Proof.
  intros hg. revert i x y. induction on as [|[|] on IH]; intros i [|x0 x] [|y0 y] h; simpl in *; try easy; rewrite IH by lia; [|reflexivity].
  now rewrite hg.
Qed.
Lemma picked_linear on a (x : vector) b y : length x = length y -> picked on (comb a x b y) = comb a (picked on x) b (picked on y).
Proof. revert x y. induction on as [|[|] on IH]; intros [|x0 x] [|y0 y] h; simpl in *; try easy; now rewrite IH by lia. Qed.
Lemma length_gated gate i on (x y : vector) : length x = length y -> length (gated gate i on x) = length (gated gate i on y).
Proof. revert i x y. induction on as [|[|] on IH]; intros i [|x0 x] [|y0 y] h; simpl in *; try easy; now rewrite (IH _ x y) by lia. Qed.
Lemma length_picked on (x y : vector) : length x = length y -> length (picked on x) = length (picked on y).
Proof. revert x y. induction on as [|[|] on IH]; intros [|x0 x] [|y0 y] h; simpl in *; try easy; auto. Qed.

Lemma run_linear gate a (x : vector) b y : linear_gate gate -> length x = length y -> forall net,
  let s := run_with gate net (comb a x b y) in let sx := run_with gate net x in let sy := run_with gate net y in
  layers s = comb_all a (layers sx) b (layers sy) /\ scale s = a * scale sx + b * scale sy /\ rows s = comb a (rows sx) b (rows sy)
  /\ same_shape (layers sx) (layers sy) /\ length (rows sx) = length (rows sy).
Proof.
  intros hg hl. induction net0 as [|l before [h1 [h2 [h3 [h4 h5]]]]]; simpl.
  - rewrite tl_comb, hd_comb by exact hl. repeat split. constructor; [|constructor]. destruct x, y; simpl in *; lia.
  - rewrite h1, h2, h3, hd_comb_all, entered_linear by (auto using hd_same). rewrite length_comb, <- h5 by exact h5.
    set (z := entering_with l (scale (run_with gate before x)) (hd [] (layers (run_with gate before x)))).
    set (z' := entering_with l (scale (run_with gate before y)) (hd [] (layers (run_with gate before y)))).
    assert (hz : length z = length z') by (unfold z, z'; now rewrite !length_entered). rewrite !rev_append_rev.
    split; [|split; [|split; [|split]]].
    + f_equal. now apply gated_linear.
    + ring.
    + rewrite picked_linear by exact hz. rewrite comb_app, comb_rev by (rewrite ?rev_length; now apply length_picked). reflexivity.
    + constructor; [now apply length_gated | exact h4].
    + rewrite !app_length, !rev_length. now rewrite (length_picked _ z z' hz), h5.
Qed.

Lemma linear_of_linear a b net0 form0 xs ys : same_shape xs ys ->
  linear_with net0 form0 (comb_all a xs b ys) = a * linear_with net0 form0 xs + b * linear_with net0 form0 ys.
Proof.
  intros h. revert net0 form0. induction h as [|x y xs ys hxy _ IH]; intros net0 [|own form0]; simpl; try ring.
  destruct net0 as [|l before]; rewrite sum_linear by exact hxy; [reflexivity|]. rewrite IH. ring.
Qed.

Lemma rows_linear_in gate a (x : vector) b y : linear_gate gate -> length x = length y ->
  rows_with gate net target (comb a x b y) = comb a (rows_with gate net target x) b (rows_with gate net target y)
  /\ length (rows_with gate net target x) = length (rows_with gate net target y).
Proof.
  intros hg hl. destruct (run_linear gate a x b y hg hl net) as [h1 [h2 [h3 [h4 h5]]]]. unfold all_rows. rewrite !rev_append_rev.
  split; [|now rewrite !app_length, !rev_length, !map_length, h5].
  rewrite comb_app, h3, comb_rev by (rewrite ?rev_length; now rewrite !map_length). do 2 f_equal.
  clear h3 h5. induction target as [|c cs IH]; [reflexivity|]. simpl. rewrite <- IH. f_equal. unfold excess_at.
  rewrite h1, h2, linear_of_linear by exact h4. ring.
Qed.

Lemma form_is_linear n q : linear_on n (form q).
Proof.
  intros a x b y hx hy. unfold form. assert (hxy : length x = length y) by congruence.
  destruct (rows_linear_in (pattern_gate q) a x b y (pattern_gate_linear q) hxy) as [e el].
  rewrite e, <- comb_rev by exact el. apply nth_comb. now rewrite !rev_length.
Qed.

(** ** Where the pattern is right *)

Lemma length_rows_of_run gate gate' (y : vector) net0 : length (rows (run_with gate net0 y)) = length (rows (run_with gate' net0 y)).
Proof.
  induction net0 as [|l before IH]; simpl; [reflexivity|]. rewrite !rev_append_rev, !app_length, !rev_length, IH. f_equal.
  apply length_picked. now rewrite !length_entered.
Qed.

Lemma gated_same gate gate' i on (z : vector) :
  (forall j, (j < length (picked on z))%nat -> gate (i + j)%nat (nth j (picked on z) 0) = gate' (i + j)%nat (nth j (picked on z) 0)) ->
  gated gate i on z = gated gate' i on z.
Proof.
  revert i z. induction on as [|[|] on IH]; intros i [|z0 z] h; simpl in *; try easy; f_equal.
  - specialize (h 0%nat). simpl in h. rewrite Nat.add_0_r in h. apply h. lia.
  - apply IH. intros j hj. specialize (h (S j)). simpl in h. rewrite Nat.add_succ_r in h. apply h. lia.
  - now apply IH.
Qed.

Section Same.
Variables (gate gate' : nat -> K F -> K F) (m : nat) (y : vector).

Lemma run_same net0 :
  (forall i, (i < m)%nat -> (i < length (rows (run_with gate' net0 y)))%nat ->
     gate i (nth i (rev (rows (run_with gate' net0 y))) 0) = gate' i (nth i (rev (rows (run_with gate' net0 y))) 0)) ->
  ((length (rows (run_with gate' net0 y)) <= m)%nat -> run_with gate net0 y = run_with gate' net0 y)
  /\ ((m < length (rows (run_with gate' net0 y)))%nat ->
      nth m (rev (rows (run_with gate net0 y))) 0 = nth m (rev (rows (run_with gate' net0 y))) 0).
Proof.
  induction net0 as [|l before IH]; simpl; [split; [reflexivity | lia]|]. rewrite !rev_append_rev, !rev_app_distr, !rev_involutive, !app_length, !rev_length.
  set (s := run_with gate before y) in *. set (s' := run_with gate' before y) in *.
  set (z' := entering_with l (scale s') (hd [] (layers s'))). intros h.
  assert (el : length (rows s) = length (rows s')) by apply length_rows_of_run.
  destruct IH as [h1 h2].
  { intros i hi hl. specialize (h i hi). rewrite app_nth1 in h by (rewrite rev_length; exact hl). apply h. lia. }
  destruct (Nat.le_gt_cases (length (rows s')) m) as [c|c].
  - specialize (h1 c). rewrite h1. fold z'. split.
    + intros hle. f_equal. f_equal. apply gated_same. intros j hj. specialize (h (length (rows s') + j)%nat).
      assert (e : nth (length (rows s') + j) (rev (rows s') ++ picked (relus l) z') 0 = nth j (picked (relus l) z') 0).
      { rewrite app_nth2, rev_length by (rewrite rev_length; lia). f_equal. lia. }
      rewrite e in h. apply h; lia.
    + intros _. reflexivity.
  - split; [lia|]. intros _. rewrite !app_nth1 by (rewrite rev_length; lia). apply h2. exact c.
Qed.
End Same.

Lemma gates_agree q y : Cover.agrees value q y ->
  forall i, (i < length q)%nat -> pattern_gate q i (value i y) = relus_gate i (value i y).
Proof.
  unfold pattern_gate, relus_gate. induction q as [|b q IH]; intros ha i hi; [simpl in hi; lia|]. simpl in ha, hi |- *. destruct ha as [ha hb].
  destruct (Nat.eq_dec i (length q)) as [->|hne].
  - rewrite <- (rev_length q) at 1. rewrite nth_middle. destruct b; simpl in hb.
    + symmetry. now apply relu_active.
    + symmetry. apply relu_silent. apply le_opp in hb. replace (- 0) with (0 : K F) in hb by ring.
      now replace (- - value (length q) y) with (value (length q) y) in hb by ring.
  - rewrite app_nth1 by (rewrite rev_length; lia). apply IH; [exact ha | lia].
Qed.

Lemma form_is_value q y : Cover.agrees value q y -> form q y = value (length q) y.
Proof.
  intros ha. assert (hg := gates_agree q y ha). unfold form, value in *. unfold all_rows in *.
  rewrite !rev_append_rev in *. set (s := run_with (pattern_gate q) net y). set (s' := run_with relus_gate net y) in *.
  rewrite !rev_app_distr, !rev_involutive in *.
  destruct (run_same (pattern_gate q) relus_gate (length q) y net) as [h1 h2].
  { fold s'. intros i hi hl. specialize (hg i hi). now rewrite app_nth1 in hg by (rewrite rev_length; exact hl). }
  fold s s' in h1, h2. destruct (Nat.le_gt_cases (length (rows s')) (length q)) as [c|c].
  - now rewrite h1 by exact c.
  - assert (el : length (rows s) = length (rows s')) by apply length_rows_of_run.
    rewrite !app_nth1 by (rewrite rev_length; lia). now apply h2.
Qed.

End Rows.
