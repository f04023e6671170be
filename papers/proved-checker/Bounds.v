(** * Intervals hold what they should *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows Vertices Meaning.

Section Bounds.
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
Notation sum_of := (weighted_sum (zero F) (add F) (mul F) integer).
Notation entering_with := (entered (zero F) (add F) (mul F) integer).
Notation run_with gate := (run (zero F) (add F) (mul F) integer gate).
Notation run_of := (run_with (relus_gate (F := F))).
Notation linear_with := (linear_of (zero F) (add F) (mul F) integer).
Notation excess_with := (excess_at (zero F) (add F) (mul F) integer).

(** ** Interval arithmetic *)

Definition holds_value (b : interval) (a : K F) : Prop := nonneg (a - integer (fst b)) /\ nonneg (integer (snd b) - a).
Notation all_hold := (Forall2 holds_value).

Lemma hold_add b b' a a' : holds_value b a -> holds_value b' a' -> holds_value (interval_add b b') (a + a').
Proof.
  intros [h1 h2] [h3 h4]. unfold holds_value, interval_add. cbn [fst snd]. rewrite !integer_add. split.
  - replace (a + a' - (integer (fst b) + integer (fst b'))) with ((a - integer (fst b)) + (a' - integer (fst b'))) by ring. now apply nonneg_add.
  - replace (integer (snd b) + integer (snd b') - (a + a')) with ((integer (snd b) - a) + (integer (snd b') - a')) by ring. now apply nonneg_add.
Qed.

Lemma hold_both z : holds_value (both z) (integer z).
Proof. unfold holds_value, both. cbn [fst snd]. replace (integer z - integer z) with (0 : K F) by ring. split; apply nonneg_0. Qed.

Lemma hold_mul w b a : holds_value b a -> holds_value (interval_mul (both w) b) (integer w * a).
Proof.
  intros [h1 h2]. unfold holds_value, interval_mul, both. cbn [fst snd]. destruct (Z.leb_spec 0 w) as [h|h]; cbn [fst snd]; rewrite !integer_mul.
  - assert (hw : nonneg (integer w : K F)) by now apply integer_nonneg. split.
    + replace (integer w * a - integer w * integer (fst b)) with (integer w * (a - integer (fst b))) by ring. now apply nonneg_mul.
    + replace (integer w * integer (snd b) - integer w * a) with (integer w * (integer (snd b) - a)) by ring. now apply nonneg_mul.
  - assert (hw : nonneg (- integer w : K F)) by (rewrite <- integer_opp; apply integer_nonneg; lia). split.
    + replace (integer w * a - integer w * integer (snd b)) with (- integer w * (integer (snd b) - a)) by ring. now apply nonneg_mul.
    + replace (integer w * integer (fst b) - integer w * a) with (- integer w * (a - integer (fst b))) by ring. now apply nonneg_mul.
Qed.

Lemma relu_monotone a b : nonneg (b - a) -> nonneg (relu F b - relu F a).
Proof.
  intros h. assert (silent : forall z : K F, nonneg (- z) -> relu F z = 0).
  { intros z hz. apply relu_silent. apply le_opp in hz. replace (- 0) with (0 : K F) in hz by ring. now replace (- - z) with z in hz by ring. }
  destruct (nonneg_or a) as [ha|ha].
  - rewrite (relu_active F a ha), relu_active; [exact h|]. replace b with (b - a + a) by ring. now apply nonneg_add.
  - rewrite (silent a ha). replace (relu F b - 0) with (relu F b) by ring. destruct (nonneg_or b) as [hb|hb]; [now rewrite relu_active|].
    rewrite (silent b hb). apply nonneg_0.
Qed.

Lemma hold_gate i b a : holds_value b a -> holds_value (interval_gate i b) (relu F a).
Proof.
  intros [h1 h2]. unfold holds_value, interval_gate. cbn [fst snd]. rewrite <- !relu_integer. split; now apply relu_monotone.
Qed.

Lemma hold_sum w bs vs : all_hold bs vs -> holds_value (weighted_sum (both 0) interval_add interval_mul both w bs) (sum_of w vs).
Proof.
  intros h. revert w. induction h as [|b a bs vs hb _ IH]; intros [|w0 w]; simpl; try (rewrite <- integer_0; apply hold_both).
  apply hold_add; [now apply hold_mul | apply IH].
Qed.

Lemma hold_gated i on bs vs : all_hold bs vs -> all_hold (gated interval_gate i on bs) (gated (relus_gate (F := F)) i on vs).
Proof.
  intros h. revert i on. induction h as [|b a bs vs hb _ IH]; intros i [|[|] on]; simpl; constructor; auto. now apply (hold_gate i).
Qed.

Lemma hold_run net bs vs : all_hold bs vs ->
  let s := run_within net bs in let s' := run_of net vs in Forall2 all_hold (layers s) (layers s') /\ holds_value (scale s) (scale s').
Proof.
  intros h. induction net as [|l before [h1 h2]]; cbn [run run_within].
  - simpl. destruct h; simpl; split; try (rewrite <- integer_0; apply hold_both); auto.
  - unfold run_within in *. cbn [run layers scale]. set (s := run _ _ _ _ _ before bs) in *. set (s' := run _ _ _ _ _ before vs) in *. split; [|now apply hold_mul].
    constructor; [|exact h1].
    assert (hz : all_hold (entered (both 0) interval_add interval_mul both l (scale s) (hd [] (layers s))) (entering_with l (scale s') (hd [] (layers s')))).
    { unfold entered. assert (hh : all_hold (hd [] (layers s)) (hd [] (layers s'))) by (clear -h1; revert h1; generalize (layers s) (layers s'); intros u u' hu; destruct hu; simpl; auto).
      induction (neurons l) as [|m ns IH]; simpl; constructor; [|exact IH]. apply hold_add; [now apply hold_sum | now apply hold_mul]. }
    clear -hz. revert hz. generalize (entered (both 0) interval_add interval_mul both l (scale s) (hd [] (layers s))) (entering_with l (scale s') (hd [] (layers s'))).
    intros z z' hz. assert (ei : forall i j on (u : list interval), gated interval_gate i on u = gated interval_gate j on u).
    { clear. intros i j on. revert i j. induction on as [|[|] on IH]; intros i j [|u0 u]; simpl; try reflexivity; first [now rewrite (IH (S i) (S j)) | now rewrite (IH i j)]. }
    assert (ej : forall i j on (u : vector), gated (relus_gate (F := F)) i on u = gated (relus_gate (F := F)) j on u).
    { clear. intros i j on. revert i j. induction on as [|[|] on IH]; intros i j [|u0 u]; simpl; try reflexivity; first [now rewrite (IH (S i) (S j)) | now rewrite (IH i j)]. }
    rewrite (ei _ 0%nat), (ej _ 0%nat). now apply hold_gated.
Qed.

Lemma hold_linear net a hs hs' : Forall2 all_hold hs hs' ->
  holds_value (linear_of (both 0) interval_add interval_mul both net a hs) (linear_with net a hs').
Proof.
  intros h. revert net a. induction h as [|b v hs hs' hb _ IH]; intros net [|own a]; simpl; try (rewrite <- integer_0; apply hold_both).
  destruct net as [|l before]; [now apply hold_sum|]. apply hold_add; [now apply hold_sum | now apply (hold_mul (Z.pos (denominator l)))].
Qed.

Lemma hold_excess net a bs vs : all_hold bs vs ->
  holds_value (excess_at (both 0) interval_add interval_mul both net (run_within net bs) a) (excess_with net (run_of net vs) a).
Proof.
  intros h. destruct (hold_run net bs vs h) as [h1 h2]. unfold excess_at. apply hold_add; [now apply hold_linear | now apply hold_mul].
Qed.

(** ** The last layers alone, at another scale *)

Lemma gated_anywhere i j on (u : vector) : gated (relus_gate (F := F)) i on u = gated (relus_gate (F := F)) j on u.
Proof. revert i j u. induction on as [|[|] on IH]; intros i j [|u0 u]; simpl; try reflexivity; first [now rewrite (IH (S i) (S j)) | now rewrite (IH i j)]. Qed.

Lemma some_layer gate net (y : vector) : layers (run_with gate net y) <> [].
Proof. destruct net; easy. Qed.

Lemma run_divided last first (y : vector) :
  let s := run_of first y in let s' := run_of last (scale s :: hd [] (layers s)) in
  layers (run_of (last ++ first) y) = (layers s' ++ tl (layers s))%list /\ scale (run_of (last ++ first) y) = scale s' /\ length (layers s') = S (length last).
Proof.
  intros s. induction last as [|l last [h1 [h2 h3]]].
  - simpl. fold s. split; [|split; reflexivity]. assert (h := some_layer (relus_gate (F := F)) first y). fold s in h. now destruct (layers s).
  - cbn [app run layers scale length]. rewrite h1, h2. split; [|split; [reflexivity | now rewrite h3]]. cbn [app]. f_equal.
    assert (e : hd [] (layers (run_of last (scale s :: hd [] (layers s))) ++ tl (layers s)) = hd [] (layers (run_of last (scale s :: hd [] (layers s))))).
    { assert (h := some_layer (relus_gate (F := F)) last (scale s :: hd [] (layers s))). now destruct (layers (run_of last _)). }
    rewrite e. apply gated_anywhere.
Qed.

Lemma linear_divided l before last a hs rest : length hs = S (length last) -> (length a <= S (length last))%nat ->
  linear_with (last ++ l :: before) a (hs ++ rest) = linear_with last a hs.
Proof.
  revert a hs. induction last as [|l0 last IH]; intros [|own a] [|h hs] hl ha; simpl in *; try easy.
  - destruct hs; [|easy]. destruct a; [|simpl in ha; lia]. simpl. ring.
  - rewrite IH by lia. reflexivity.
Qed.

Lemma sum_scaled c w (v : vector) : sum_of w (map (mul F c) v) = c * sum_of w v.
Proof. apply dot_scaled. Qed.

Lemma gated_scaled i on c (z : vector) : pos c -> gated (relus_gate (F := F)) i on (map (mul F c) z) = map (mul F c) (gated (relus_gate (F := F)) i on z).
Proof.
  intros hc. revert i z. induction on as [|[|] on IH]; intros i [|z0 z]; simpl; try reflexivity; rewrite IH; [|reflexivity]. f_equal. now apply relu_scaled.
Qed.

Lemma run_scaled c net (y : vector) : pos c ->
  layers (run_of net (map (mul F c) y)) = map (map (mul F c)) (layers (run_of net y)) /\ scale (run_of net (map (mul F c) y)) = c * scale (run_of net y).
Proof.
  intros hc. induction net as [|l before [h1 h2]]; cbn [run layers scale].
  - split; [now destruct y|]. destruct y; simpl; [ring | reflexivity].
  - rewrite h1, h2. split; [|ring]. cbn [map]. f_equal.
    assert (e : hd [] (map (map (mul F c)) (layers (run_of before y))) = map (mul F c) (hd [] (layers (run_of before y)))) by now destruct (layers (run_of before y)).
    rewrite e, <- gated_scaled by exact hc. rewrite (gated_anywhere _ (length (rows (run_of before y)))). f_equal.
    unfold entered. rewrite map_map. apply map_ext. intros m. rewrite sum_scaled. ring.
Qed.

Lemma linear_scaled c net a hs : linear_with net a (map (map (mul F c)) hs) = c * linear_with net a hs.
Proof.
  revert net hs. induction a as [|own a IH]; intros net [|h hs]; simpl; try ring. destruct net as [|l before]; rewrite sum_scaled; [reflexivity|]. rewrite IH. ring.
Qed.

Lemma excess_divided l before last a c (y : vector) : pos c -> (length (Question.form a) <= S (length last))%nat ->
  let s := run_of (l :: before) y in
  excess_with last (run_of last (map (mul F c) (scale s :: hd [] (layers s)))) a = c * excess_with (last ++ l :: before) (run_of (last ++ l :: before) y) a.
Proof.
  intros hc ha s. destruct (run_divided last (l :: before) y) as [h1 [h2 h3]]. fold s in h1, h2, h3.
  destruct (run_scaled c last (scale s :: hd [] (layers s)) hc) as [h4 h5]. unfold excess_at. rewrite h1, h2, h4, h5, linear_scaled, linear_divided by assumption. ring.
Qed.

End Bounds.
