(** * What rows and hulls mean for the network *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows Vertices.

Section Meaning.
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
Notation "/ a" := (inverse F a) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation row := (vector -> K F).
Notation sum_of := (weighted_sum (zero F) (add F) (mul F) integer).
Notation run_with gate := (run (zero F) (add F) (mul F) integer gate).
Notation run_of := (run_with (relus_gate (F := F))).
Notation linear_with := (linear_of (zero F) (add F) (mul F) integer).
Notation excess_with := (excess_at (zero F) (add F) (mul F) integer).

(** ** Values with all denominators cleared *)

Fixpoint cleared (net : list layer) : positive := match net with [] => 1%positive | l :: before => (denominator l * cleared before)%positive end.
Definition factor (net : list layer) : K F := integer (Zpos (cleared net)).

Lemma integer_pos p : pos (integer (Zpos p) : K F).
Proof. split; [apply integer_nonneg; lia|]. intros e. apply integer_eq_0 in e. lia. Qed.

Lemma sum_is_dot w (v : vector) : sum_of w v = dot w v.
Proof. reflexivity. Qed.
Lemma dot_scaled c w (v : vector) : dot w (map (mul F c) v) = c * dot w v.
Proof. revert v. induction w as [|w0 w IH]; intros [|v0 v]; simpl; try ring. rewrite IH. ring. Qed.

Lemma entered_is_entering l c (h : vector) :
  entered (zero F) (add F) (mul F) integer l c (map (mul F c) h) = map (mul F (integer (Zpos (denominator l)) * c)) (entering l h).
Proof.
  unfold entered, entering. rewrite map_map. apply map_ext. intros [w b]. simpl. rewrite sum_is_dot, dot_scaled.
  transitivity (part (denominator l) * integer (Zpos (denominator l)) * (c * dot w h + integer b * c)); [rewrite part_integer; ring | ring].
Qed.

Lemma relu_scaled c z : pos c -> relu F (c * z) = c * relu F z.
Proof.
  intros hc. destruct (nonneg_or z) as [h|h].
  - rewrite (relu_active F z h). apply relu_active. apply nonneg_mul; [apply hc | exact h].
  - assert (hz : forall a : K F, nonneg (- a) -> relu F a = 0).
    { intros a ha. apply relu_silent. apply le_opp in ha. replace (- 0) with (0 : K F) in ha by ring. now replace (- - a) with a in ha by ring. }
    rewrite (hz z h), hz; [ring|]. replace (- (c * z)) with (c * - z) by ring. apply nonneg_mul; [apply hc | exact h].
Qed.

Lemma gated_is_rectified i on c (z : vector) : pos c ->
  gated (relus_gate (F := F)) i on (map (mul F c) z) = map (mul F c) (rectified on z).
Proof.
  intros hc. revert i z. induction on as [|[|] on IH]; intros i [|z0 z]; simpl; try reflexivity; rewrite IH; [|reflexivity].
  f_equal. now apply relu_scaled.
Qed.

Fixpoint scaled_layers (net : list layer) (x : vector) : list vector :=
  map (mul F (factor net)) (returned net x) :: match net with [] => [] | _ :: before => scaled_layers before x end.

Lemma factor_cons l before : factor (l :: before) = integer (Zpos (denominator l)) * factor before.
Proof. unfold factor. rewrite <- integer_mul. reflexivity. Qed.

Lemma run_at_point net x : layers (run_of net (1 :: x)) = scaled_layers net x /\ scale (run_of net (1 :: x)) = factor net.
Proof.
  induction net as [|l before [h1 h2]].
  - simpl. unfold factor. simpl. rewrite integer_1. split; [|reflexivity]. f_equal. rewrite <- (map_id x) at 1. apply map_ext. intros a. ring.
  - cbn [run layers scale]. rewrite h1, h2. split; [|symmetry; apply factor_cons].
    assert (e : hd [] (scaled_layers before x) = map (mul F (factor before)) (returned before x)) by now destruct before.
    cbn [scaled_layers]. f_equal. rewrite e, entered_is_entering, <- factor_cons. rewrite gated_is_rectified; [reflexivity | apply integer_pos].
Qed.

Lemma linear_at_point net a x : linear_with net a (scaled_layers net x) = factor net * linear net a x.
Proof.
  revert a. induction net as [|l before IH]; intros [|own a]; try (simpl; ring).
  - simpl. rewrite sum_is_dot, dot_scaled. ring.
  - cbn [scaled_layers linear_of linear]. rewrite IH, sum_is_dot, dot_scaled, factor_cons. ring.
Qed.

Lemma excess_at_point net c x : excess_with net (run_of net (1 :: x)) c = factor net * integer (Zpos (over c)) * excess net c x.
Proof.
  destruct (run_at_point net x) as [h1 h2]. unfold excess_at, excess. rewrite h1, h2, linear_at_point, integer_opp.
  transitivity (factor net * (part (over c) * integer (Zpos (over c))) * (linear net (Question.form c) x - integer (bound c))); [rewrite part_integer; ring | ring].
Qed.

(** ** Rows of neurons *)

Lemma nth_error_picked on (z : vector) i : (i < length (picked on z))%nat ->
  exists j, nth j on false = true /\ forall z' : vector, length z' = length z -> nth_error z' j = Some (nth i (picked on z') 0).
Proof.
  revert i z. induction on as [|[|] on IH]; intros i [|z0 z] h; simpl in h; try lia.
  - destruct i as [|i]; [exists 0%nat; split; [reflexivity|]; intros [|a z'] hl; easy|]. destruct (IH i z) as [j [h1 h2]]; [lia|].
    exists (S j). split; [exact h1|]. intros [|a z'] hl; [easy|]. simpl. apply h2. simpl in hl. lia.
  - destruct (IH i z h) as [j [h1 h2]]. exists (S j). split; [exact h1|]. intros [|a z'] hl; [easy|]. simpl. apply h2. simpl in hl. lia.
Qed.

Lemma picked_map on (f : K F -> K F) (z : vector) : picked on (map f z) = map f (picked on z).
Proof. revert z. induction on as [|[|] on IH]; intros [|z0 z]; simpl; try reflexivity; now rewrite IH. Qed.

Lemma length_rows_any net (y y' : vector) : length (rows (run_of net y)) = length (rows (run_of net y')).
Proof.
  induction net as [|l before IH]; [reflexivity|]. cbn [run rows]. rewrite !rev_append_rev, !app_length, !rev_length, IH. f_equal.
  apply length_picked. now rewrite !length_entered.
Qed.

(** A row of a neuron is a positive multiple of what enters it. *)
Lemma row_of_neuron net i (y0 : vector) : (i < length (rows (run_of net y0)))%nat ->
  exists d j l before c, skipn d net = l :: before /\ nth j (relus l) false = true /\ pos c
    /\ forall x, exists u, nth_error (entering l (returned before x)) j = Some u /\ nth i (rev (rows (run_of net (1 :: x)))) 0 = c * u.
Proof.
  revert i. induction net as [|l before IH]; intros i h; [simpl in h; lia|]. cbn [run rows] in h |- *. rewrite rev_append_rev, app_length, rev_length in h.
  destruct (Nat.lt_ge_cases i (length (rows (run_of before y0)))) as [hi|hi].
  - destruct (IH i hi) as [d [j [l' [before' [c [h1 [h2 [h3 h4]]]]]]]]. exists (S d), j, l', before', c. split; [exact h1|]. split; [exact h2|].
    split; [exact h3|]. intros x. destruct (h4 x) as [u [hu e]]. exists u. split; [exact hu|]. rewrite rev_append_rev, rev_app_distr, rev_involutive.
    rewrite app_nth1; [exact e|]. rewrite rev_length. now rewrite (length_rows_any before (1 :: x) y0).
  - set (z0 := entered (zero F) (add F) (mul F) integer l (scale (run_of before y0)) (hd [] (layers (run_of before y0)))) in *.
    destruct (nth_error_picked (relus l) z0 (i - length (rows (run_of before y0)))) as [j [h1 h2]]; [lia|].
    exists 0%nat, j, l, before, (factor (l :: before)). split; [reflexivity|]. split; [exact h1|]. split; [apply integer_pos|]. intros x.
    assert (hl : length (entering l (returned before x)) = length z0) by (unfold entering, z0, entered; now rewrite !map_length).
    exists (nth (i - length (rows (run_of before y0))) (picked (relus l) (entering l (returned before x))) 0). split; [now apply h2|].
    destruct (run_at_point before x) as [e1 e2]. rewrite e1, e2.
    assert (e : hd [] (scaled_layers before x) = map (mul F (factor before)) (returned before x)) by now destruct before.
    rewrite e, entered_is_entering, <- factor_cons, picked_map, rev_append_rev, rev_app_distr, rev_involutive.
    rewrite app_nth2; rewrite rev_length, (length_rows_any before (1 :: x) y0); [|exact hi].
    set (k := (i - _)%nat). set (f := factor (l :: before)). replace (0 : K F) with (f * 0) at 1 by ring. apply map_nth.
Qed.

(** ** Hulls *)

(** A point is a sum of the listed points with factors that are not negative; points are homogeneous, the scale first. *)
Definition in_hull (vs : list (list Z)) (x : vector) : Prop :=
  exists ps : list (K F * vector), map snd ps = map (map integer) vs /\ Forall (fun p => nonneg (fst p)) ps
    /\ forall i, nth i (1 :: x) 0 = total (fun v => nth i v 0) ps.

Lemma nth_linear n i : linear_on n (fun y : vector => nth i y 0).
Proof. intros a x b y hx hy. apply nth_comb. congruence. Qed.

Lemma in_hull_linear n vs x f : length x = n -> Forall (fun v => length v = S n) vs -> in_hull vs x -> linear_on (S n) f ->
  Forall (fun v => nonneg (f (map integer v))) vs -> nonneg (f (1 :: x)).
Proof.
  intros hx hl [ps [hs [hp hi]]] hf hv.
  assert (hlp : Forall (fun p => length (snd p) = S n /\ nonneg (f (snd p))) ps).
  { apply Forall_forall. intros p hin. assert (hq : In (snd p) (map (map integer) vs)) by (rewrite <- hs; now apply in_map).
    apply in_map_iff in hq. destruct hq as [v [<- hq]]. rewrite Forall_forall in hl, hv. rewrite map_length. split; auto. }
  assert (hsum : exists y, length y = S n /\ forall g, linear_on (S n) g -> g y = total g ps).
  { clear -hlp. induction hlp as [|[c v] ps [hv _] _ [y [hy hs]]].
    - exists (origin (S n)). split; [apply repeat_length|]. intros g hg. now apply (linear_origin (S n)).
    - exists (comb c v 1 y). split; [rewrite length_comb; simpl in *; congruence|]. intros g hg. simpl in *. rewrite hg, <- (hs g hg) by assumption.
      ring. }
  destruct hsum as [y [hy hs']]. assert (e : 1 :: x = y).
  { apply (nth_ext _ _ 0 0); [simpl; congruence|]. intros i _. rewrite hi. symmetry. exact (hs' _ (nth_linear (S n) i)). }
  rewrite e, (hs' f hf). apply total_nonneg. rewrite Forall_forall in hp, hlp |- *. intros p hin. apply nonneg_mul; [now apply hp | now apply hlp].
Qed.

End Meaning.
