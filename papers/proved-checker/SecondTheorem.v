(** * The second theorem: what certificates of vertices prove

    [preimage_of_vertices] and [regions_of_vertices] are the program, [Cells.v]; the rest of this file says what is true if they
    give something. *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows Vertices Meaning Bounds Hulls.

Section SecondTheorem.
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
Notation "a <= b" := (le F a b) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation point := vector.
Notation row := (vector -> K F).
Notation run_of := (run (zero F) (add F) (mul F) integer (relus_gate (F := F))).
Notation excess_with := (excess_at (zero F) (add F) (mul F) integer).

Variable q : question.
Notation n := (S (inputs q)).

(** ** What is claimed *)

(** A condition whose boundary belongs to it. *)
Definition closed (c : condition) : condition :=
  Condition (over c) (Question.form c) (bound c) (match relates c with Less => AtMost | r => r end).

(** The hulls are the preimage, but for strict conditions on their boundaries. *)
Definition right_answer (target : list condition) (hulls : list (list (list Z))) : Prop :=
  forall x : point, in_domain q x ->
    (hits q x target -> Exists (fun vs => in_hull vs x) hulls)
    /\ (Exists (fun vs => in_hull vs x) hulls -> hits q x (map closed target)).

(** What enters some ReLU is negative at one of two points, and positive at the other. *)
Definition crosses (x y : point) : Prop :=
  exists d j l before u v, skipn d (network q) = l :: before /\ nth j (relus l) false = true
    /\ nth_error (entering l (returned before x)) j = Some u /\ nth_error (entering l (returned before y)) j = Some v
    /\ (pos u /\ pos (- v) \/ pos (- u) /\ pos v).

(** Each hull has a point of its own. *)
Definition told_apart (target : list condition) (hulls : list (list (list Z))) : Prop :=
  exists points : list point,
    Forall2 (fun vs x => in_domain q x /\ hits q x target /\ in_hull vs x) hulls points /\ ForallOrdPairs crosses points.

(** On a hull the network is an affine function. *)
Definition affine_hull (vs : list (list Z)) : Prop :=
  exists fs : list row, Forall (linear_on n) fs
    /\ forall x : point, length x = inputs q -> in_hull vs x -> returned (network q) x = map (fun f : row => f (1 :: x)) fs.

(** ** Cells of all rows *)

Section Target.
Variable target : list condition.
Notation form := (Rows.form (F := F) (network q) target).
Notation value := (Rows.value (F := F) (network q) target).
Notation all_rows_of := (all_rows (zero F) (add F) (mul F) integer (relus_gate (F := F)) (network q) target).
Notation rows_of := (Cover.rows_of (domain_functions (F := F) q) form).
Notation agrees := (Cover.agrees value).
Notation right_cell := (Vertices.right_cell (F := F) q target).

Hypothesis is_sound : sound q = true.
Hypothesis no_equation : Forall (fun c => relates c <> Equal) (domain q).

Lemma signed_values_of y zs p : length p = length zs -> agrees p y -> (forall i, (i < length zs)%nat -> value i y = nth i (rev zs) 0) ->
  map (fun g : row => g y) (Cover.signed form p) = map (fun bz => side (fst bz) (snd bz)) (combine p zs).
Proof.
  revert zs. induction p as [|b p IH]; intros [|z zs] hl ha hv; try easy. simpl in hl, ha. destruct ha as [ha _].
  unfold Cover.signed in *. simpl. rewrite app_nil_r. f_equal.
  - f_equal. rewrite (form_is_value (network q) target p y ha). replace (length p) with (length zs) by lia. rewrite (hv (length zs)) by (simpl; lia).
    simpl. rewrite <- (rev_length zs). apply nth_middle.
  - apply IH; [lia | exact ha|]. intros i hi. rewrite (hv i) by (simpl; lia). simpl. now rewrite app_nth1 by (rewrite rev_length; exact hi).
Qed.

Lemma length_all_rows (y y' : vector) : length (all_rows_of y) = length (all_rows_of y').
Proof. unfold all_rows. rewrite !rev_append_rev, !app_length, !rev_length, !map_length. f_equal. apply length_rows_any. Qed.

Definition full (c : cell) : Prop := right_cell c /\ undecided c = 0%nat.

Lemma full_length c (y : vector) : full c -> length (pattern c) = length (all_rows_of y).
Proof.
  intros [[hP [hv [_ [hf _]]]] hu]. rewrite hu in hf. assert (hne := some_vertex _ _ _ hP). destruct (corners_of c) as [|v vs]; [easy|].
  apply Forall_inv in hv. apply Forall_inv in hf. rewrite (fits_length _ _ hf). unfold known. simpl. destruct hv as [_ [e _]].
  rewrite e. rewrite <- (map_length (integer (F := F)) (rows_at (network q) target (place v))), <- rows_integer. apply length_all_rows.
Qed.

Lemma full_signed c y : full c -> length y = n -> in_cone (rows_of (pattern c)) y ->
  agrees (pattern c) y
  /\ map (fun g : row => g y) (Cover.signed form (pattern c)) = map (fun bz => side (fst bz) (snd bz)) (combine (pattern c) (all_rows_of y)).
Proof.
  intros hc hy hin. assert (ha : agrees (pattern c) y).
  { apply (agrees_signed n form value (fun s y _ => form_is_value (network q) target s y)); [exact hy|]. unfold Cover.rows_of in hin.
    apply Forall_app in hin. apply hin. }
  split; [exact ha|]. apply signed_values_of; [now apply full_length | exact ha | reflexivity].
Qed.

(** The conditions of the target, with the signs of a cell, at a point of it. *)
Lemma sign_at c x k : full c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) -> (k < length (signs_of target c))%nat ->
  exists a s b, pos a /\ nth_error (signs_of target c) k = Some (s, b) /\ nth_error (pattern c) k = Some b /\ In s target
    /\ at_ (rows_of (pattern c)) k (1 :: x) = a * side b (excess (network q) s x).
Proof.
  intros hc hx hin hk. destruct (full_signed c (1 :: x) hc ltac:(simpl; now rewrite hx) hin) as [ha hm].
  destruct (nth_error (signs_of target c) k) as [[s b]|] eqn:e; [|apply nth_error_None in e; lia].
  exists (factor (network q) * integer (Zpos (over s))), s, b. split; [apply pos_mul; apply integer_pos|]. split; [reflexivity|].
  assert (comb_nth : forall {A B} (l : list A) (l' : list B) k a b, nth_error (combine l l') k = Some (a, b) -> nth_error l k = Some a /\ nth_error l' k = Some b).
  { clear. induction l as [|a0 l IH]; intros [|b0 l'] [|k] a b h; simpl in *; try easy; [now injection h as -> ->|]. now apply IH. }
  destruct (comb_nth _ _ _ _ _ _ _ e) as [e1 e2]. split; [exact e2|]. split; [apply nth_error_In in e1; now apply in_rev|].
  assert (hz : nth_error (all_rows_of (1 :: x)) k = Some (excess_with (network q) (run_of (network q) (1 :: x)) s)).
  { unfold all_rows. rewrite rev_append_rev, <- map_rev. rewrite nth_error_app1; [now apply map_nth_error|]. rewrite map_length.
    apply nth_error_Some. now rewrite e1. }
  assert (hkp : (k < length (Cover.signed form (pattern c)))%nat).
  { unfold Cover.signed. rewrite length_signed_on. apply nth_error_Some. now rewrite e2. }
  unfold at_, Cover.rows_of. rewrite app_nth1 by exact hkp.
  assert (hn : nth_error (map (fun g : row => g (1 :: x)) (Cover.signed form (pattern c))) k = Some (side b (excess_with (network q) (run_of (network q) (1 :: x)) s))).
  { rewrite hm. assert (hcomb : nth_error (combine (pattern c) (all_rows_of (1 :: x))) k = Some (b, excess_with (network q) (run_of (network q) (1 :: x)) s)).
    { revert e2 hz. generalize (pattern c) (all_rows_of (1 :: x)) k. clear. induction l as [|b0 l IH]; intros [|z l'] [|k] h1 h2; simpl in *; try easy; [congruence|]. now apply IH. }
    now rewrite (map_nth_error _ _ _ hcomb). }
  apply nth_error_nth with (d := 0) in hn.
  assert (hmn := map_nth (fun g : row => g (1 :: x)) (Cover.signed form (pattern c)) (fun _ => 0) k). cbn beta in hmn.
  rewrite <- hmn, hn, excess_at_point.
  destruct b; simpl; ring.
Qed.

Lemma signs_of_all c s : full c -> In s target -> exists k b, (k < length (signs_of target c))%nat /\ nth_error (signs_of target c) k = Some (s, b).
Proof.
  intros hc hs. apply in_rev in hs. assert (hl : (length (rev target) <= length (pattern c))%nat).
  { rewrite (full_length c [] hc). unfold all_rows. rewrite rev_append_rev, app_length, !rev_length, map_length. lia. }
  apply In_nth_error in hs. destruct hs as [k hk]. assert (hkl : (k < length (rev target))%nat) by (apply nth_error_Some; now rewrite hk).
  destruct (nth_error (pattern c) k) as [b|] eqn:e; [|apply nth_error_None in e; lia].
  exists k, b. unfold signs_of. rewrite combine_length. split; [lia|].
  revert hk e. generalize (rev target) (pattern c) k. clear. induction l as [|s0 l IH]; intros [|b0 l'] [|k] h1 h2; simpl in *; try easy; [congruence|]. now apply IH.
Qed.

Lemma length_signs c : (length (signs_of target c) <= length (pattern c))%nat.
Proof. unfold signs_of. rewrite combine_length. lia. Qed.

Lemma nonneg_le a : nonneg a -> - a <= 0.
Proof. intros h. apply le_opp in h. now replace (- 0) with (0 : K F) in h by ring. Qed.
Lemma le_nonneg a : a <= 0 -> nonneg (- a).
Proof. intros h. apply le_opp in h. now replace (- 0) with (0 : K F) in h by ring. Qed.

Lemma side_sign c x k s b a : full c -> in_cone (rows_of (pattern c)) (1 :: x) -> pos a ->
  at_ (rows_of (pattern c)) k (1 :: x) = a * side b (excess (network q) s x) -> nonneg (side b (excess (network q) s x)).
Proof. intros hc hin hp e. apply nonneg_divide with a; [|exact hp]. rewrite <- e. now apply at_nonneg. Qed.

(** ** Judging is right *)

Lemma missed_right c x : full c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) -> existsb is_missed (signs_of target c) = true -> ~ hits q x target.
Proof.
  intros hc hx hin hm ht. apply existsb_exists in hm. destruct hm as [[s b] [hs hm]]. apply In_nth_error in hs. destruct hs as [k hk].
  destruct (sign_at c x k hc hx hin ltac:(apply nth_error_Some; now rewrite hk)) as [a [s' [b' [hp [hk' [_ [hst hat]]]]]]]. rewrite hk in hk'. injection hk' as <- <-.
  unfold hits in ht. rewrite Forall_forall in ht. specialize (ht s hst). unfold holds in ht. unfold is_missed in hm. cbn [fst snd] in hm.
  assert (hn := side_sign c x k s b a hc hin hp hat). destruct (relates s), b; try easy. simpl in ht, hn. destruct ht as [h1 h2]. apply h2.
  apply nonneg_opp; [exact hn | now apply le_nonneg].
Qed.

(** A row that is not tight and was not missed holds, in its closure. *)
Lemma loose_right c x k s b a : full c -> in_cone (rows_of (pattern c)) (1 :: x) -> pos a ->
  at_ (rows_of (pattern c)) k (1 :: x) = a * side b (excess (network q) s x) -> is_missed (s, b) = false -> is_tight (s, b) = false ->
  holds (network q) x (closed s).
Proof.
  intros hc hin hp hat hm ht. assert (hn := side_sign c x k s b a hc hin hp hat).
  assert (he : b = false -> excess (network q) s x <= 0).
  { intros ->. simpl in hn. apply nonneg_le in hn. now replace (- - excess (network q) s x) with (excess (network q) s x) in hn by ring. }
  unfold is_missed, is_tight, holds, closed in *. cbn [fst snd relates] in *. destruct (relates s), b; try easy; simpl; now apply he.
Qed.

Lemma on_some c x : full c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) -> hits q x target ->
  in_hull (hull_of (filter (is_on (signs_of target c)) (corners_of c))) x.
Proof.
  intros hc hx hin ht. assert (hfull := hc). destruct hc as [hr hu]. apply (hull_of_some q target c x); [exact hr | | | exact hx].
  { now apply (hull_of_cell q target c x). }
  intros v hv hoff. assert (hr' := hr). destruct hr' as [hP [hvalid [_ [hfits _]]]]. rewrite Forall_forall in hvalid, hfits. rewrite hu in hfits.
  assert (hsome : exists k s b z, nth_error (signs_of target c) k = Some (s, b) /\ nth_error (of_rows v) k = Some z /\ is_tight (s, b) = true /\ z <> 0%Z).
  { unfold is_on in hoff. revert hoff. generalize (signs_of target c) (of_rows v). clear. induction l as [|[s b] l IH]; intros [|z l'] h; simpl in h; try easy.
    apply andb_false_iff in h. destruct h as [h|h].
    - exists 0%nat, s, b, z. destruct (is_tight (s, b)); [|easy]. repeat split. now apply Z.eqb_neq.
    - destruct (IH l' h) as [k [s' [b' [z' hk]]]]. now exists (S k), s', b', z'. }
  destruct hsome as [k [s [b [z [hk [hz [htight hne]]]]]]]. exists (at_ (rows_of (pattern c)) k).
  assert (hkl : (k < length (signs_of target c))%nat) by (apply nth_error_Some; now rewrite hk).
  split; [apply at_linear, (linear_rows _ _ _ hP)|]. split; [|split].
  - destruct (sign_at c x k hfull hx hin hkl) as [a [s' [b' [hp [hk' [_ [hst hat]]]]]]]. rewrite hk in hk'. injection hk' as <- <-.
    assert (hn := side_sign c x k s b a hfull hin hp hat). rewrite hat. unfold hits in ht. rewrite Forall_forall in ht. specialize (ht s hst).
    unfold holds in ht. unfold is_tight in htight. cbn [fst snd] in htight. destruct (relates s); simpl in ht; [easy | |rewrite ht; destruct b; simpl; ring].
    subst b. simpl in hn |- *. rewrite (nonneg_opp _ hn (le_nonneg _ ht)). ring.
  - assert (hat := at_values (F := F) q target (pattern c) 0 v k (hvalid v hv) (hfits v hv)). rewrite hat.
    assert (e : nth k (values_of 0 v) 0%Z = z).
    { unfold values_of, known. simpl. rewrite app_nth1 by (apply nth_error_Some; now rewrite hz). now apply nth_error_nth. }
    rewrite e. split; [apply integer_nonneg; lia|]. intros h. now apply integer_abs_0 in h.
  - intros w hw. assert (hi := vertices_inside _ _ _ hP). rewrite Forall_forall in hi. apply at_nonneg, hi. now apply in_map.
Qed.

Lemma some_finite vs (x : point) : in_hull (hull_of vs) x -> existsb is_finite vs = true.
Proof.
  intros [ps [hs [hp hi]]]. destruct (existsb is_finite vs) eqn:e; [reflexivity|]. exfalso. specialize (hi 0%nat). simpl in hi.
  assert (hn : nonneg (total (fun v => - nth 0 v 0) ps)).
  { apply total_nonneg. apply Forall_forall. intros p hin. rewrite Forall_forall in hp. apply nonneg_mul; [now apply hp|].
    assert (h : In (snd p) (map (map integer) (hull_of vs))) by (rewrite <- hs; now apply in_map). unfold hull_of in h. rewrite map_map in h.
    apply in_map_iff in h. destruct h as [v [<- hv]]. assert (hf : is_finite v = false).
    { destruct (is_finite v) eqn:hf; [|reflexivity]. rewrite <- e. symmetry. apply existsb_exists. now exists v. }
    unfold is_finite in hf. destruct (place v) as [|t u]; simpl; [replace (- 0) with (0 : K F) by ring; apply nonneg_0|].
    rewrite <- integer_opp. apply integer_nonneg. apply Z.ltb_ge in hf. lia. }
  assert (h1 : total (fun v : vector => - nth 0 v 0) ps = - (1)).
  { transitivity (- total (fun v => nth 0 v 0) ps); [|now rewrite <- hi]. clear. induction ps as [|p ps IH]; simpl; [ring|]. rewrite IH. ring. }
  rewrite h1 in hn. apply (not_negative (- (1))); [exact hn|]. replace (- - (1)) with (1 : K F) by ring. apply pos_1.
Qed.

(** Cells that decide all neurons: their values, and the target's rows, are linear on them. *)
Definition neurons_decided (c : cell) : Prop := (length (rows (run_of (network q) (origin n))) <= length (pattern c))%nat.

Lemma run_on_cell c y : right_cell c -> neurons_decided c -> length y = n -> in_cone (rows_of (pattern c)) y ->
  run (zero F) (add F) (mul F) integer (pattern_gate (pattern c)) (network q) y = run_of (network q) y.
Proof.
  intros hr hd hy hin. assert (ha : agrees (pattern c) y).
  { apply (agrees_signed n form value (fun s y0 _ => form_is_value (network q) target s y0)); [exact hy|]. unfold Cover.rows_of in hin.
    apply Forall_app in hin. apply hin. }
  destruct (run_same (pattern_gate (pattern c)) (relus_gate (F := F)) (length (pattern c)) y (network q)) as [h _].
  - intros i hi hl. assert (hg := gates_agree (network q) target (pattern c) y ha i hi). unfold Rows.value, all_rows in hg.
    rewrite rev_append_rev, rev_app_distr, rev_involutive, app_nth1 in hg by (rewrite rev_length; exact hl). exact hg.
  - apply h. rewrite (length_rows_any (network q) y (origin n)). exact hd.
Qed.

Lemma some_fails_spec conditions values : some_fails conditions values = true ->
  exists k s, nth_error conditions k = Some s /\ fails (relates s) (map (fun zs => nth k zs 0%Z) values) = true.
Proof.
  revert values. induction conditions as [|s others IH]; intros values h; simpl in h; [easy|]. apply orb_true_iff in h. destruct h as [h|h].
  - exists 0%nat, s. split; [reflexivity|]. erewrite map_ext; [exact h|]. now intros [|z zs].
  - destruct (IH _ h) as [k [s' [hk hf]]]. exists (S k), s'. split; [exact hk|]. rewrite map_map in hf. erewrite map_ext; [exact hf|].
    intros [|z zs]; [now destruct k | reflexivity].
Qed.

Lemma misses_right c x : right_cell c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) -> misses target c = true -> ~ hits q x target.
Proof.
  intros hr hx hin hm ht. unfold misses in hm. apply andb_true_iff in hm. destruct hm as [hu hs]. apply Nat.leb_le in hu.
  assert (hr' := hr). destruct hr' as [hP [hvalid [_ [hfits _]]]]. rewrite Forall_forall in hvalid, hfits.
  assert (hd : neurons_decided c).
  { assert (hne := some_vertex _ _ _ hP). destruct (corners_of c) as [|v vs] eqn:ec; [easy|].
    assert (hv := hvalid v (or_introl eq_refl)). assert (hf := fits_length _ _ (hfits v (or_introl eq_refl))). unfold known in hf.
    rewrite skipn_length in hf. destruct hv as [_ [e _]]. assert (hl : length (of_rows v) = length (all_rows_of (origin n))).
    { rewrite e. rewrite <- (map_length (integer (F := F)) (rows_at (network q) target (place v))), <- rows_integer. apply length_all_rows. }
    unfold neurons_decided. unfold all_rows in hl. rewrite rev_append_rev, app_length, rev_length, map_length in hl. lia. }
  destruct (some_fails_spec _ _ hs) as [k [s [hk hf]]]. rewrite map_map in hf.
  set (f := fun y : vector => nth k (all_rows (zero F) (add F) (mul F) integer (pattern_gate (pattern c)) (network q) target y) 0).
  assert (hlin : linear_on n f).
  { intros a y b y' hy hy'. unfold f. destruct (rows_linear_in (network q) target (pattern_gate (pattern c)) a y b y' (pattern_gate_linear _)) as [e el]; [congruence|].
    rewrite e. now apply nth_comb. }
  assert (hfy : forall y, length y = n -> in_cone (rows_of (pattern c)) y -> f y = nth k (all_rows_of y) 0).
  { intros y hy hc. unfold f, all_rows. now rewrite (run_on_cell c y hr hd hy hc). }
  assert (hi := vertices_inside _ _ _ hP). assert (hl := lengths _ _ _ hP). rewrite Forall_forall in hi, hl.
  assert (hv : forall v, In v (corners_of c) -> f (coordinates v) = integer (nth k (of_rows v) 0%Z)).
  { intros v hin'. assert (hin2 := in_map (coordinates (F := F)) _ _ hin'). rewrite hfy by auto. unfold coordinates. rewrite rows_integer.
    destruct (hvalid v hin') as [_ [e _]]. rewrite e, <- integer_0. apply map_nth. }
  assert (hy : length (1 :: x) = n) by (simpl; now rewrite hx).
  assert (hz : f (1 :: x) = factor (network q) * integer (Zpos (over s)) * excess (network q) s x).
  { rewrite hfy by assumption. unfold all_rows. rewrite rev_append_rev, <- map_rev, app_nth1 by (rewrite map_length; apply nth_error_Some; now rewrite hk).
    rewrite <- excess_at_point. apply nth_error_nth. now apply map_nth_error. }
  assert (hfac : pos (factor (network q) * integer (Zpos (over s)))) by (apply pos_mul; apply integer_pos).
  set (fac := factor (network q) * integer (Zpos (over s))) in *.
  assert (hsin : In s target) by (apply in_rev; now apply nth_error_In in hk). unfold hits in ht. rewrite Forall_forall in ht. specialize (ht s hsin). unfold holds in ht.
  assert (weak : forall g, linear_on n g -> Forall (fun v => nonneg (g v)) (map (coordinates (F := F)) (corners_of c)) -> nonneg (g (1 :: x))).
  { intros g hg hn. exact (nonneg_on_cone n _ _ hP g (1 :: x) hg hn hy hin). }
  assert (strong : forall g, linear_on n g -> Forall (fun v => pos (g v)) (map (coordinates (F := F)) (corners_of c)) -> pos (g (1 :: x))).
  { intros g hg hn. split; [apply weak; [exact hg|]; eapply Forall_impl; [|exact hn]; now intros v [h _]|]. intros hg0.
    assert (hall := zero_on_cone n _ _ hP g (1 :: x) hg hn hy hin hg0). unfold Cover.rows_of in hall. apply Forall_app in hall. destruct hall as [_ hall].
    unfold domain_functions, domain_rows in hall. cbn [map] in hall. inversion_clear hall as [|? ? h1 _]. simpl in h1. rewrite integer_1 in h1.
    apply (one_neq_zero (F := F)). rewrite <- h1. ring. }
  assert (at_all : forall (P : K F -> Prop) (is : Z -> bool), (forall z, is z = true -> P (integer z)) -> forallb is (map (fun v => nth k (of_rows v) 0%Z) (corners_of c)) = true ->
    Forall (fun v => P (f v)) (map (coordinates (F := F)) (corners_of c))).
  { intros P is hP' hall. rewrite forallb_forall in hall. apply Forall_forall. intros y hy'. apply in_map_iff in hy'. destruct hy' as [v [<- hv']].
    rewrite (hv v hv'). apply hP', hall. now apply in_map with (f := fun v => nth k (of_rows v) 0%Z). }
  assert (zpos : forall z, (0 <? z)%Z = true -> pos (integer z : K F)) by (intros [|z|z] h; try easy; apply integer_pos).
  assert (zneg : forall z, (z <? 0)%Z = true -> pos (- integer z : K F)).
  { intros [|z|z] h; try easy. rewrite <- integer_opp. apply integer_pos. }
  unfold fails in hf. destruct (relates s); simpl in ht.
  - assert (h := weak f hlin (at_all nonneg (Z.leb 0) (fun z hz' => integer_nonneg z (proj1 (Z.leb_le 0 z) hz')) hf)). rewrite hz in h.
    apply nonneg_divide in h; [|exact hfac]. destruct ht as [h1 h2]. apply h2. apply nonneg_opp; [exact h | now apply le_nonneg].
  - assert (h := strong f hlin (at_all pos (Z.ltb 0) zpos hf)). rewrite hz in h. assert (h' := pos_divide _ _ h hfac).
    apply h'. apply nonneg_opp; [apply h' | now apply le_nonneg].
  - apply orb_true_iff in hf. destruct hf as [hf|hf].
    + assert (h := strong f hlin (at_all pos (Z.ltb 0) zpos hf)). rewrite hz in h. assert (h' := pos_divide _ _ h hfac). now apply h'.
    + assert (h := strong (fun y => - f y) (linear_neg n f hlin) (at_all (fun a => pos (- a)) (fun z => (z <? 0)%Z) zneg hf)).
      apply h. rewrite hz, ht. ring.
Qed.

(** ** Cells that bounds show to miss the target *)

Lemma length_picked_any {A B} on (z : list A) (z' : list B) : length z = length z' -> length (picked on z) = length (picked on z').
Proof. revert z z'. induction on as [|[|] on IH]; intros [|z0 z] [|y0 y] h; simpl in *; try easy; auto. Qed.

Lemma relu_count_rows gate net (y : vector) : length (rows (run (zero F) (add F) (mul F) integer gate net y)) = relu_count net.
Proof.
  induction net as [|l before IH]; [reflexivity|]. cbn [run rows relu_count]. rewrite rev_append_rev, app_length, rev_length, IH. f_equal.
  apply length_picked_any. apply length_entered.
Qed.

Lemma divided_spec known net : let d := divided_at known net in
  net = (fst d ++ snd d)%list /\ (snd d = [] \/ exists l before, snd d = l :: before /\ (relu_count before <= known)%nat).
Proof.
  induction net as [|l before [h1 h2]]; simpl; [split; [reflexivity | now left]|]. destruct (relu_count before <=? known)%nat eqn:e.
  - split; [reflexivity|]. right. exists l, before. split; [reflexivity | now apply Nat.leb_le].
  - cbn [fst snd app]. split; [now rewrite <- h1 | exact h2].
Qed.

Lemma nth_gated i on (z : vector) k : (k < length (gated (relus_gate (F := F)) i on z))%nat ->
  nth k (gated (relus_gate (F := F)) i on z) 0 = if nth k on false then relu F (nth k z 0) else nth k z 0.
Proof.
  revert i z k. induction on as [|[|] on IH]; intros i [|z0 z] k h; simpl in h; try lia; destruct k as [|k]; simpl; try reflexivity; apply IH; lia.
Qed.

Lemma relu_nonneg (z : K F) : nonneg (relu F z).
Proof. destruct (nonneg_or z) as [h|h]; [now rewrite relu_active|]. rewrite relu_silent; [apply nonneg_0|]. apply nonneg_le in h. now replace (- - z) with z in h by ring. Qed.
Lemma relu_above (z : K F) : nonneg (relu F z - z).
Proof.
  destruct (nonneg_or z) as [h|h]; [rewrite relu_active by exact h; replace (z - z) with (0 : K F) by ring; apply nonneg_0|].
  rewrite relu_silent; [now replace (0 - z) with (- z) by ring|]. apply nonneg_le in h. now replace (- - z) with z in h by ring.
Qed.

Lemma scale_of_run net (y : vector) : scale (run_of net y) = factor net * hd 0 y.
Proof.
  induction net as [|l before IH]; cbn [run scale]; [unfold factor; simpl; rewrite integer_1; ring|]. rewrite IH, factor_cons. ring.
Qed.

(** What holds for a ReLU of a linear function at the vertices, beside another one that is positive, holds on the cell. *)
Lemma relu_bounds c (relus : bool) (z t : row) fine lo hi y : right_cell c -> linear_on n z -> linear_on n t -> length y = n -> in_cone (rows_of (pattern c)) y ->
  nonneg (integer fine : K F) -> pos (t y) ->
  (let h := fun v => if relus then relu F (z v) else z v in
   Forall (fun v => pos (t v) /\ nonneg (integer fine * h v - integer lo * t v) /\ nonneg (integer hi * t v - integer fine * h v)) (map (coordinates (F := F)) (corners_of c)) ->
   nonneg (integer fine * h y - integer lo * t y) /\ nonneg (integer hi * t y - integer fine * h y)).
Proof.
  intros [hP _] hz ht hy hin hf hty h hall. assert (hne := some_vertex _ _ _ hP).
  assert (on_cell : forall g, linear_on n g -> (forall v, In v (map (coordinates (F := F)) (corners_of c)) -> nonneg (g v)) -> nonneg (g y)).
  { intros g hg hv. apply (nonneg_on_cone n _ _ hP g y hg); [now apply Forall_forall | exact hy | exact hin]. }
  assert (lower : linear_on n (fun v => integer fine * z v + - integer lo * t v)) by now apply linear_mixed.
  assert (upper : linear_on n (fun v => integer hi * t v + - integer fine * z v)) by now apply linear_mixed.
  rewrite Forall_forall in hall. destruct relus; simpl in h; subst h; cbn beta in *.
  - split.
    + destruct (Z.le_gt_cases lo 0) as [hl|hl].
      * replace (integer fine * relu F (z y) - integer lo * t y) with (integer fine * relu F (z y) + integer (- lo) * t y) by (rewrite integer_opp; ring).
        apply nonneg_add; apply nonneg_mul; [exact hf | apply relu_nonneg | apply integer_nonneg; lia | apply hty].
      * replace (integer fine * relu F (z y) - integer lo * t y) with ((integer fine * z y + - integer lo * t y) + integer fine * (relu F (z y) - z y)) by ring.
        apply nonneg_add; [|apply nonneg_mul; [exact hf | apply relu_above]]. apply (on_cell (fun v => integer fine * z v + - integer lo * t v) lower).
        intros v hv. destruct (hall v hv) as [h1 [h2 _]]. destruct (nonneg_or (z v)) as [hzv|hzv].
        -- rewrite relu_active in h2 by exact hzv. now replace (integer fine * z v + - integer lo * t v) with (integer fine * z v - integer lo * t v) by ring.
        -- exfalso. rewrite relu_silent in h2 by (apply nonneg_le in hzv; now replace (- - z v) with (z v) in hzv by ring).
           apply (not_negative _ h2). replace (- (integer fine * 0 - integer lo * t v)) with (integer lo * t v) by ring. apply pos_mul; [|exact h1].
           destruct lo; try lia. apply integer_pos.
    + assert (hhi : nonneg (integer hi : K F)).
      { destruct (map (coordinates (F := F)) (corners_of c)) as [|v vs]; [easy|]. destruct (hall v (or_introl eq_refl)) as [h1 [_ h3]].
        apply nonneg_divide with (t v); [|exact h1].
        replace (t v * integer hi) with ((integer hi * t v - integer fine * relu F (z v)) + integer fine * relu F (z v)) by ring.
        apply nonneg_add; [exact h3 | apply nonneg_mul; [exact hf | apply relu_nonneg]]. }
      destruct (nonneg_or (z y)) as [hzy|hzy].
      * rewrite relu_active by exact hzy. replace (integer hi * t y - integer fine * z y) with (integer hi * t y + - integer fine * z y) by ring.
        apply (on_cell (fun v => integer hi * t v + - integer fine * z v) upper). intros v hv. destruct (hall v hv) as [_ [_ h3]].
        replace (integer hi * t v + - integer fine * z v) with ((integer hi * t v - integer fine * relu F (z v)) + integer fine * (relu F (z v) - z v)) by ring.
        apply nonneg_add; [exact h3 | apply nonneg_mul; [exact hf | apply relu_above]].
      * rewrite relu_silent by (apply nonneg_le in hzy; now replace (- - z y) with (z y) in hzy by ring).
        replace (integer hi * t y - integer fine * 0) with (integer hi * t y) by ring. apply nonneg_mul; [exact hhi | apply hty].
  - split.
    + replace (integer fine * z y - integer lo * t y) with (integer fine * z y + - integer lo * t y) by ring.
      apply (on_cell (fun v => integer fine * z v + - integer lo * t v) lower). intros v hv. destruct (hall v hv) as [_ [h2 _]].
      now replace (integer fine * z v + - integer lo * t v) with (integer fine * z v - integer lo * t v) by ring.
    + replace (integer hi * t y - integer fine * z y) with (integer hi * t y + - integer fine * z y) by ring.
      apply (on_cell (fun v => integer hi * t v + - integer fine * z v) upper). intros v hv. destruct (hall v hv) as [_ [_ h3]].
      now replace (integer hi * t v + - integer fine * z v) with (integer hi * t v - integer fine * z v) by ring.
Qed.

Lemma all_within_spec bounds t hs : all_within bounds t hs = true -> length bounds = length hs
  /\ forall k, (k < length bounds)%nat -> within (nth k bounds (0, 0)%Z) t (nth k hs 0%Z) = true.
Proof.
  revert hs. induction bounds as [|b bounds IH]; intros [|h hs] e; simpl in e; try discriminate; [split; [reflexivity | simpl; lia]|].
  apply andb_true_iff in e. destruct e as [e1 e2]. destruct (IH hs e2) as [h1 h2]. split; [simpl; now rewrite h1|].
  intros [|k] hk; simpl; [exact e1 | apply h2; simpl in hk; lia].
Qed.

Lemma misses_within_right c x : right_cell c -> length x = inputs q -> in_cone (rows_of (pattern c)) (1 :: x) ->
  misses_within (network q) target c = true -> ~ hits q x target.
Proof.
  intros hr hx hin hm ht. unfold misses_within in hm. destruct (divided_spec (length (pattern c)) (network q)) as [hnet hfirst].
  destruct (divided_at (length (pattern c)) (network q)) as [last first]. cbn [fst snd] in hnet, hfirst.
  rewrite !andb_true_iff in hm. destruct hm as [[hne hall] hsome]. destruct hfirst as [->|[l [before [-> hcount]]]]; [easy|]. clear hne.
  set (values := map (fun v => let s := run_integers (l :: before) (place v) in (scale s, hd [] (layers s))) (corners_of c)) in *.
  set (bounds := tried values) in *. clearbody bounds. rewrite forallb_forall in hall.
  assert (hr' := hr). destruct hr' as [hP _]. set (y := 1 :: x) in *. assert (hy : length y = n) by (simpl; now rewrite hx).
  set (p := pattern c) in *. set (run_p := run (zero F) (add F) (mul F) integer (pattern_gate p) before).
  assert (hrun : forall v, length v = n -> in_cone (rows_of p) v -> run_p v = run_of before v).
  { intros v hv hc. assert (ha : agrees p v).
    { apply (agrees_signed n form value (fun s y0 _ => form_is_value (network q) target s y0)); [exact hv|]. unfold Cover.rows_of in hc. apply Forall_app in hc. apply hc. }
    destruct (run_same (pattern_gate p) (relus_gate (F := F)) (length p) v before) as [h _]; [|apply h; now rewrite relu_count_rows].
    intros i hi hl. assert (hg := gates_agree (network q) target p v ha i hi). unfold Rows.value, all_rows in hg.
    rewrite rev_append_rev, rev_app_distr, rev_involutive in hg. rewrite hnet in hg.
    assert (hpre : forall outer, exists more, rev (rows (run_of (outer ++ l :: before) v)) = (rev (rows (run_of before v)) ++ more)%list).
    { induction outer as [|l0 outer [more IH]]; cbn [app run rows]; rewrite rev_append_rev, rev_app_distr, rev_involutive; [eexists; reflexivity|].
      rewrite IH, <- app_assoc. eexists. reflexivity. }
    destruct (hpre last) as [more e]. rewrite e, <- app_assoc, app_nth1 in hg by (rewrite rev_length; exact hl). exact hg. }
  set (entering_p := fun v => entered (zero F) (add F) (mul F) integer l (scale (run_p v)) (hd [] (layers (run_p v)))).
  assert (hzlin : forall k, linear_on n (fun v => nth k (entering_p v) 0)).
  { intros k a u b w hu hw. destruct (run_linear (pattern_gate p) a u b w (pattern_gate_linear p) ltac:(congruence) before) as [e1 [e2 [_ [hsh _]]]].
    unfold entering_p, run_p. rewrite e1, e2, hd_comb_all, entered_linear by (auto using hd_same). apply nth_comb. now rewrite !length_entered. }
  set (t := fun v : vector => factor (l :: before) * hd 0 v).
  assert (htlin : linear_on n t) by (intros a u b w hu hw; unfold t; rewrite hd_comb by congruence; ring).
  set (H := fun v => hd [] (layers (run_of (l :: before) v))).
  assert (hH : forall v k, length v = n -> in_cone (rows_of p) v -> (k < length (H v))%nat -> nth k (H v) 0 = if nth k (relus l) false then relu F (nth k (entering_p v) 0) else nth k (entering_p v) 0).
  { intros v k hv hc hk. unfold entering_p. rewrite (hrun v hv hc). unfold H in *. cbn [run layers hd] in *. now apply nth_gated. }
  assert (hi := vertices_inside _ _ _ hP). assert (hl := lengths _ _ _ hP). rewrite Forall_forall in hi, hl.
  assert (hlenH : forall v w : vector, length v = n -> length w = n -> length (H v) = length (H w)).
  { intros v w _ _. unfold H. cbn [run layers hd].
    rewrite (gated_anywhere (length (rows (run_of before w))) (length (rows (run_of before v)))). apply length_gated. now rewrite !length_entered. }
  assert (hvert : forall v, In v (corners_of c) -> exists tz hz, (0 < tz)%Z /\ t (coordinates v) = integer tz /\ H (coordinates v) = map integer hz
     /\ length bounds = length hz /\ forall k, (k < length bounds)%nat -> within (nth k bounds (0, 0)%Z) tz (nth k hz 0%Z) = true).
  { intros v hv. assert (hval := hall _ (in_map (fun v => let s := run_integers (l :: before) (place v) in (scale s, hd [] (layers s))) _ _ hv)).
    cbn [fst snd] in hval. apply andb_true_iff in hval. destruct hval as [h1 h2]. apply Z.ltb_lt in h1. destruct (all_within_spec _ _ _ h2) as [h3 h4].
    exists (scale (run_integers (l :: before) (place v))), (hd [] (layers (run_integers (l :: before) (place v)))). split; [exact h1|].
    assert (er := run_integer (F := F) (l :: before) (place v)). fold (coordinates (F := F) v) in er. split; [|split; [|now split]].
    - unfold t. rewrite <- scale_of_run, er. reflexivity.
    - unfold H. rewrite er. unfold run_integers. now destruct (layers _). }
  assert (hty : pos (t y)) by (unfold t, y; simpl; replace (factor (F := F) (l :: before) * 1) with (factor (F := F) (l :: before)) by ring; apply integer_pos).
  assert (hfine : nonneg (integer fine : K F)) by (apply integer_nonneg; now compute).
  assert (hlb : length bounds = length (H y)).
  { assert (hne := some_vertex _ _ _ hP). destruct (corners_of c) as [|v vs] eqn:ec; [easy|]. destruct (hvert v (or_introl eq_refl)) as [tz [hz [_ [_ [e1 [e2 _]]]]]].
    rewrite e2, <- (map_length (integer (F := F)) hz), <- e1. apply hlenH; [apply hl, in_map; now left | exact hy]. }
  assert (hbounds : forall k, (k < length bounds)%nat -> nonneg (integer fine * nth k (H y) 0 - integer (fst (nth k bounds (0, 0)%Z)) * t y)
    /\ nonneg (integer (snd (nth k bounds (0, 0)%Z)) * t y - integer fine * nth k (H y) 0)).
  { intros k hk. rewrite (hH y k hy hin) by lia.
    apply (relu_bounds c (nth k (relus l) false) (fun v => nth k (entering_p v) 0) t fine (fst (nth k bounds (0, 0)%Z)) (snd (nth k bounds (0, 0)%Z)) y hr (hzlin k) htlin hy hin hfine hty).
    apply Forall_forall. intros w hw. assert (hlw := hl w hw). assert (hiw := hi w hw). apply in_map_iff in hw. destruct hw as [v [<- hv]].
    destruct (hvert v hv) as [tz [hz [h1 [h2 [h3 [h4 h5]]]]]]. specialize (h5 k hk). unfold within in h5. apply andb_true_iff in h5. destruct h5 as [h5 h6].
    apply Z.leb_le in h5, h6. rewrite <- (hH _ k hlw hiw) by (rewrite h3, map_length; lia). rewrite h2, h3.
    assert (hn : nth k (map integer hz) 0 = integer (nth k hz 0%Z) :> K F) by (rewrite <- integer_0; apply map_nth). rewrite hn, <- !integer_mul.
    assert (hsub : forall a b, (a <= b)%Z -> nonneg (integer b - integer a : K F)) by (intros a b hab; apply difference_le; now apply integer_le).
    split; [destruct tz; try lia; apply integer_pos|]. split; now apply hsub. }
  set (f := integer fine * inverse F (t y)). assert (hf : pos f).
  { apply pos_mul; [|now apply pos_inverse]. unfold fine. simpl. apply integer_pos. }
  assert (hhold : Forall2 holds_value (both fine :: bounds) (map (mul F f) (t y :: H y))).
  { assert (hft : forall a, f * a = inverse F (t y) * (integer fine * a)) by (intros a; unfold f; ring).
    assert (hone : forall a, inverse F (t y) * (a * t y) = a).
    { intros a. transitivity (a * (inverse F (t y) * t y)); [ring|]. rewrite inverse_mul by apply hty. ring. }
    cbn [map]. constructor.
    - rewrite hft, hone. apply hold_both.
    - assert (hgen : forall (bs : list interval) (hs : vector), length bs = length hs -> (forall k, (k < length bs)%nat ->
        nonneg (integer fine * nth k hs 0 - integer (fst (nth k bs (0, 0)%Z)) * t y) /\ nonneg (integer (snd (nth k bs (0, 0)%Z)) * t y - integer fine * nth k hs 0)) ->
        Forall2 holds_value bs (map (mul F f) hs)).
      { induction bs as [|b bs IH]; intros [|h hs] hlen hk; try discriminate; [constructor|]. simpl. constructor.
        - destruct (hk 0%nat) as [k1 k2]; [simpl; lia|]. simpl in k1, k2. rewrite hft. split.
          + replace (inverse F (t y) * (integer fine * h) - integer (fst b)) with (inverse F (t y) * (integer fine * h - integer (fst b) * t y)).
            * apply nonneg_mul; [apply pos_nonneg, pos_inverse, hty | exact k1].
            * rewrite <- (hone (integer (fst b))) at 2. ring.
          + replace (integer (snd b) - inverse F (t y) * (integer fine * h)) with (inverse F (t y) * (integer (snd b) * t y - integer fine * h)).
            * apply nonneg_mul; [apply pos_nonneg, pos_inverse, hty | exact k2].
            * rewrite <- (hone (integer (snd b))) at 2. ring.
        - apply IH; [simpl in hlen; lia|]. intros k hk'. apply (hk (S k)). simpl. lia. }
      apply hgen; [exact hlb | exact hbounds]. }
  apply existsb_exists in hsome. destruct hsome as [s [hs hfail]]. apply andb_true_iff in hfail. destruct hfail as [hshort hfail]. apply Nat.leb_le in hshort.
  assert (hex := hold_excess last s _ _ hhold). assert (hdiv := excess_divided l before last s f y hf hshort). cbn zeta in hdiv.
  rewrite scale_of_run in hdiv. fold (t y) (H y) in hdiv. rewrite hdiv, <- hnet in hex. unfold y in hex at 1. rewrite excess_at_point in hex.
  set (e := excess (network q) s x) in *. assert (hfac : pos (f * (factor (network q) * integer (Zpos (over s))))).
  { apply pos_mul; [exact hf | apply pos_mul; apply integer_pos]. }
  set (fac := f * (factor (network q) * integer (Zpos (over s)))) in *.
  set (b := excess_at (both 0) interval_add interval_mul both last (run_within last (both fine :: bounds)) s) in *.
  assert (hb : holds_value b (fac * e)).
  { replace (fac * e) with (f * (factor (network q) * integer (Zpos (over s)) * e)) by (unfold fac; ring). exact hex. }
  destruct hb as [hb1 hb2]. unfold hits in ht. rewrite Forall_forall in ht. specialize (ht s hs). unfold holds in ht. fold e in ht.
  assert (up : (0 <= fst b)%Z -> nonneg e).
  { intros h. apply nonneg_divide with fac; [|exact hfac]. replace (fac * e) with ((fac * e - integer (fst b)) + integer (fst b)) by ring.
    apply nonneg_add; [exact hb1 | now apply integer_nonneg]. }
  assert (more : (0 < fst b)%Z -> pos e).
  { intros h. apply pos_divide with fac; [|exact hfac]. replace (fac * e) with ((fac * e - integer (fst b)) + integer (fst b)) by ring.
    apply pos_add_r; [exact hb1 | destruct (fst b); try lia; apply integer_pos]. }
  assert (less : (snd b < 0)%Z -> pos (- e)).
  { intros h. apply pos_divide with fac; [|exact hfac]. replace (fac * - e) with ((integer (snd b) - fac * e) + integer (- snd b)) by (rewrite integer_opp; ring).
    apply pos_add_r; [exact hb2 | destruct (snd b); try lia; apply integer_pos]. }
  unfold fails_within in hfail. destruct (relates s); simpl in ht.
  - apply Z.leb_le in hfail. destruct ht as [h1 h2]. apply h2. apply nonneg_opp; [now apply up | now apply le_nonneg].
  - apply Z.ltb_lt in hfail. apply (more hfail). apply nonneg_opp; [apply more, hfail | now apply le_nonneg].
  - apply orb_true_iff in hfail. destruct hfail as [h|h]; apply Z.ltb_lt in h; [now apply (more h) | apply (less h); rewrite ht; ring].
Qed.

Lemma judge_complete c (x : point) a : right_cell c -> in_domain q x -> in_cone (rows_of (pattern c)) (1 :: x) -> judge (network q) target c = Some a -> hits q x target ->
  Exists (fun vs => in_hull vs x) (tiles a ++ faces a).
Proof.
  intros hr [hx hd] hin hj ht. unfold judge in hj. destruct (undecided c =? 0)%nat eqn:hu; cbn [negb] in hj.
  2: { destruct (misses target c || misses_within (network q) target c) eqn:hm; [|easy]. apply orb_true_iff in hm.
    destruct hm as [hm|hm]; [now elim (misses_right c x hr hx hin hm) | now elim (misses_within_right c x hr hx hin hm)]. }
  apply Nat.eqb_eq in hu.
  destruct (existsb is_missed _) eqn:hm; [now elim (missed_right c x (conj hr hu) hx hin hm)|].
  destruct (existsb is_tight _) eqn:htt; injection hj as <-; cbn [tiles faces app].
  - assert (h := on_some c x (conj hr hu) hx hin ht). rewrite (some_finite _ x h). now left.
  - left. now apply (hull_of_cell q target c x).
Qed.

Lemma judge_sound c (x : point) a : right_cell c -> length x = inputs q -> judge (network q) target c = Some a ->
  Exists (fun vs => in_hull vs x) (tiles a ++ faces a) -> hits q x (map closed target).
Proof.
  intros hr hx hj hh. unfold judge in hj. destruct (undecided c =? 0)%nat eqn:hu; cbn [negb] in hj.
  2: { destruct (misses target c || misses_within (network q) target c); [injection hj as <-; inversion hh | easy]. }
  apply Nat.eqb_eq in hu.
  destruct (existsb is_missed _) eqn:hm; [injection hj as <-; inversion hh|].
  assert (hc : full c) by now split.
  assert (hmiss : forall s b, In (s, b) (signs_of target c) -> is_missed (s, b) = false).
  { intros s b hin. destruct (is_missed (s, b)) eqn:e; [|reflexivity]. rewrite <- hm. symmetry. apply existsb_exists. now exists (s, b). }
  unfold hits. apply Forall_forall. intros s0 hs0. apply in_map_iff in hs0. destruct hs0 as [s [<- hs]].
  destruct (signs_of_all c s hc hs) as [k [b [hkl hk]]].
  destruct (existsb is_tight _) eqn:htt; injection hj as <-; cbn [tiles faces app] in hh.
  - set (on := filter (is_on (signs_of target c)) (corners_of c)) in *. destruct (existsb is_finite on); [|inversion hh].
    inversion hh as [? ? h|? ? h]; subst; [|inversion h].
    assert (hincl : incl on (corners_of c)) by (intros v hv; apply filter_In in hv; apply hv).
    assert (hin := cell_of_hull q target c x on hr hx hincl h).
    destruct (sign_at c x k hc hx hin hkl) as [a [s' [b' [hp [hk' [_ [hst hat]]]]]]]. rewrite hk in hk'. injection hk' as <- <-.
    destruct (is_tight (s, b)) eqn:ht; [|apply (loose_right c x k s b a); auto; apply hmiss; now apply nth_error_In in hk].
    destruct hr as [hP [hvalid [_ [hfits _]]]]. rewrite Forall_forall in hvalid, hfits. rewrite hu in hfits.
    assert (hz : at_ (rows_of (pattern c)) k (1 :: x) = 0).
    { apply nonneg_opp; [now apply at_nonneg|].
      apply (in_hull_linear (inputs q) (hull_of on) x (fun y => - at_ (rows_of (pattern c)) k y) hx); [|exact h|apply linear_neg, at_linear, (linear_rows _ _ _ hP)|].
      - apply Forall_forall. intros v hv. apply in_map_iff in hv. destruct hv as [e [<- he]]. apply (valid_length q target). now apply hvalid, hincl.
      - apply Forall_forall. intros v0 hv. apply in_map_iff in hv. destruct hv as [v [<- hv]]. assert (hvc := hincl v hv).
        fold (coordinates (F := F) v). rewrite (at_values (F := F) q target (pattern c) 0 v k (hvalid v hvc) (hfits v hvc)).
        assert (e : nth k (values_of 0 v) 0%Z = 0%Z).
        { apply filter_In in hv. destruct hv as [_ hv]. unfold is_on in hv. rewrite forallb_forall in hv.
          assert (hlk : (k < length (of_rows v))%nat).
          { assert (hfl := fits_length _ _ (hfits v hvc)). unfold known in hfl. simpl in hfl. rewrite <- hfl. assert (hls := length_signs c). lia. }
          destruct (nth_error (of_rows v) k) as [z|] eqn:ez; [|apply nth_error_None in ez; lia].
          assert (hzz : In ((s, b), z) (combine (signs_of target c) (of_rows v))).
          { revert hk ez. generalize (signs_of target c) (of_rows v) k. clear. induction l as [|p l IH]; intros [|z0 l'] [|k] h1 h2; simpl in *; try easy.
            - left. congruence.
            - right. now apply (IH l' k). }
          specialize (hv _ hzz). cbn [fst snd] in hv. rewrite ht in hv. apply Z.eqb_eq in hv. unfold values_of, known. simpl. rewrite app_nth1 by exact hlk.
          rewrite <- hv. now apply nth_error_nth. }
        rewrite e. simpl. rewrite integer_0. replace (- 0) with (0 : K F) by ring. apply nonneg_0. }
    rewrite hat in hz. assert (he : excess (network q) s x = 0).
    { assert (hs' : side b (excess (network q) s x) = 0) by (apply (integral a); [exact hz | apply hp]). destruct b; simpl in hs'; [exact hs'|].
      transitivity (- - excess (network q) s x); [ring | rewrite hs'; ring]. }
    unfold holds, closed, excess in *. cbn [over Question.form bound relates] in *. rewrite he. unfold is_tight in ht. cbn [fst] in ht.
    destruct (relates s); simpl; [easy | apply le_refl | reflexivity].
  - inversion hh as [? ? h|? ? h]; subst; [|inversion h]. assert (hin := cell_of_hull q target c x (corners_of c) hr hx (incl_refl _) h).
    destruct (sign_at c x k hc hx hin hkl) as [a [s' [b' [hp [hk' [_ [hst hat]]]]]]]. rewrite hk in hk'. injection hk' as <- <-.
    apply (loose_right c x k s b a); auto.
    + apply hmiss. now apply nth_error_In in hk.
    + destruct (is_tight (s, b)) eqn:ht; [|reflexivity]. rewrite <- htt. symmetry. apply existsb_exists. exists (s, b). split; [now apply nth_error_In in hk | exact ht].
Qed.

Lemma judged_cells cells : forall a, judged (network q) target cells = Some a ->
  (forall c, In c cells -> exists own, judge (network q) target c = Some own /\ incl (tiles own ++ faces own) (tiles a ++ faces a))
  /\ (forall vs, In vs (tiles a ++ faces a) -> exists c own, In c cells /\ judge (network q) target c = Some own /\ In vs (tiles own ++ faces own)).
Proof.
  induction cells as [|c cells IH]; intros a h; simpl in h; [injection h as <-; easy|].
  destruct (judge (network q) target c) as [own|] eqn:e; [|easy]. destruct (judged (network q) target cells) as [others|]; [|easy]. injection h as <-.
  destruct (IH others eq_refl) as [h1 h2]. cbn [tiles faces]. split.
  - intros c' [<-|hc].
    + exists own. split; [exact e|]. intros vs hv. apply in_app_or in hv. rewrite !in_app_iff. tauto.
    + destruct (h1 c' hc) as [own' [e' hi]]. exists own'. split; [exact e'|]. intros vs hv. apply hi, in_app_or in hv. rewrite !in_app_iff. tauto.
  - intros vs hv. assert (hcase : In vs (tiles own ++ faces own) \/ In vs (tiles others ++ faces others)) by (rewrite !in_app_iff in *; tauto).
    destruct hcase as [hcase|hcase]; [exists c, own; split; [now left | now split]|].
    destruct (h2 vs hcase) as [c' [own' [h3 h4]]]. exists c', own'. split; [now right | exact h4].
Qed.

(** ** Tiles have points of their own *)

Definition is_tile (c : cell) : Prop :=
  undecided c = 0%nat /\ existsb is_missed (signs_of target c) = false /\ existsb is_tight (signs_of target c) = false.

Lemma tile_cells cells : forall a, judged (network q) target cells = Some a -> exists own,
  tiles a = map (fun c => hull_of (corners_of c)) own /\ incl own cells /\ Forall is_tile own
  /\ (ForallOrdPairs differ cells -> ForallOrdPairs differ own).
Proof.
  induction cells as [|c cells IH]; intros a h; simpl in h.
  { injection h as <-. exists []. split; [reflexivity|]. split; [easy|]. split; [constructor | constructor]. }
  destruct (judge (network q) target c) as [ja|] eqn:e; [|easy]. destruct (judged (network q) target cells) as [others|]; [|easy]. injection h as <-.
  destruct (IH others eq_refl) as [own [h1 [h2 [h3 h4]]]]. cbn [tiles]. unfold judge in e.
  assert (skip : tiles ja = [] -> exists own0, (tiles ja ++ tiles others)%list = map (fun c0 => hull_of (corners_of c0)) own0 /\ incl own0 (c :: cells)
    /\ Forall is_tile own0 /\ (ForallOrdPairs differ (c :: cells) -> ForallOrdPairs differ own0)).
  { intros ->. exists own. split; [exact h1|]. split; [intros c' hc; right; now apply h2|]. split; [exact h3|]. intros hd. inversion hd; auto. }
  destruct (undecided c =? 0)%nat eqn:hu; cbn [negb] in e; [|destruct (misses target c || misses_within (network q) target c); [injection e as <-; now apply skip | easy]].
  apply Nat.eqb_eq in hu.
  destruct (existsb is_missed _) eqn:hm; [injection e as <-; now apply skip|]. destruct (existsb is_tight _) eqn:ht; injection e as <-; [now apply skip|].
  exists (c :: own). split; [simpl; now rewrite h1|]. split; [intros c' [<-|hc]; [now left | right; now apply h2]|].
  split; [constructor; [now repeat split | exact h3]|]. intros hd. inversion hd as [|? ? hd1 hd2]; subst. constructor; [|now apply h4].
  rewrite Forall_forall in hd1 |- *. intros c' hc. apply hd1, h2, hc.
Qed.

Lemma tile_sign c k s b : is_tile c -> nth_error (signs_of target c) k = Some (s, b) -> b = false /\ relates s <> Equal.
Proof.
  intros [_ [hm ht]] hk. apply nth_error_In in hk. assert (h1 : is_missed (s, b) = false).
  { destruct (is_missed (s, b)) eqn:e; [|reflexivity]. rewrite <- hm. symmetry. apply existsb_exists. now exists (s, b). }
  assert (h2 : is_tight (s, b) = false).
  { destruct (is_tight (s, b)) eqn:e; [|reflexivity]. rewrite <- ht. symmetry. apply existsb_exists. now exists (s, b). }
  unfold is_missed, is_tight in *. cbn [fst snd] in *. destruct (relates s), b; easy.
Qed.

Lemma strict_hits c x : full c -> is_tile c -> length x = inputs q -> strictly (rows_of (pattern c)) (1 :: x) -> hits q x target.
Proof.
  intros hc ht hx hs. apply Forall_forall. intros s hin. destruct (signs_of_all c s hc hin) as [k [b [hkl hk]]].
  assert (hcone := strict_in_cone _ _ hs). destruct (sign_at c x k hc hx hcone hkl) as [a [s' [b' [hp [hk' [hkp [_ hat]]]]]]]. rewrite hk in hk'. injection hk' as <- <-.
  destruct (tile_sign c k s b ht hk) as [-> hne]. assert (hpos : pos (at_ (rows_of (pattern c)) k (1 :: x))).
  { unfold strictly in hs. rewrite Forall_forall in hs. apply (hs (nth k (rows_of (pattern c)) (fun _ => 0))), nth_In.
    unfold Cover.rows_of, Cover.signed. rewrite app_length, length_signed_on. assert (k < length (pattern c))%nat by (apply nth_error_Some; now rewrite hkp). lia. }
  rewrite hat in hpos. assert (hneg := pos_divide _ _ hpos hp). simpl in hneg. apply negative_le in hneg. unfold holds. destruct (relates s); simpl; tauto.
Qed.

Lemma side_of_value c r b s x : full c -> pattern c = r ++ b :: s -> strictly (rows_of (pattern c)) (1 :: x) -> length x = inputs q ->
  pos (side b (value (length s) (1 :: x))).
Proof.
  intros hc e hs hx. assert (hcone := strict_in_cone _ _ hs). destruct (full_signed c (1 :: x) hc ltac:(simpl; now rewrite hx) hcone) as [ha _].
  rewrite e in ha, hs. assert (has : forall r0, agrees (r0 ++ b :: s) (1 :: x) -> agrees s (1 :: x)).
  { induction r0 as [|b0 r0 IH]; simpl; [now intros [h _] | intros [h _]; now apply IH]. }
  rewrite <- (form_is_value (network q) target s _ (has r ha)). rewrite Cover.rows_at in hs. apply Forall_app in hs. destruct hs as [_ hs]. now inversion hs.
Qed.

Lemma tiles_cross c c' x x' : full c -> full c' -> is_tile c -> is_tile c' -> differ c c' -> length x = inputs q -> length x' = inputs q ->
  strictly (rows_of (pattern c)) (1 :: x) -> strictly (rows_of (pattern c')) (1 :: x') -> crosses x x'.
Proof.
  intros hc hc' ht ht' [r [r' [b [s [e e']]]]] hx hx' hs hs'. assert (h1 := side_of_value c r b s x hc e hs hx). assert (h2 := side_of_value c' r' (negb b) s x' hc' e' hs' hx').
  set (R := length (rows (run_of (network q) (1 :: x)))).
  assert (hlen : forall y, length (all_rows_of y) = (length target + R)%nat).
  { intros y. rewrite (length_all_rows y (1 :: x)). unfold all_rows, R. now rewrite rev_append_rev, app_length, rev_length, map_length. }
  assert (hin : (length s < R)%nat).
  { destruct (Nat.lt_ge_cases (length s) R) as [h|h]; [exact h|]. exfalso.
    assert (sign : forall c0 r0 b0, full c0 -> is_tile c0 -> pattern c0 = r0 ++ b0 :: s -> b0 = false).
    { intros c0 r0 b0 h0 t0 e0. assert (hl := full_length c0 [] h0). rewrite hlen, e0, app_length in hl. simpl in hl.
      assert (hkl : (length r0 < length (signs_of target c0))%nat).
      { unfold signs_of. rewrite combine_length, rev_length, e0, app_length. simpl. lia. }
      destruct (nth_error (signs_of target c0) (length r0)) as [[s0 b1]|] eqn:hk; [|apply nth_error_None in hk; lia].
      assert (hb : nth_error (pattern c0) (length r0) = Some b1).
      { revert hk. unfold signs_of. generalize (rev target) (pattern c0) (length r0). clear. induction l as [|p l IH]; intros [|b2 l'] [|k] h; simpl in *; try easy; [congruence | now apply IH]. }
      rewrite e0, nth_error_app2, Nat.sub_diag in hb by lia. simpl in hb. injection hb as <-. now apply (tile_sign c0 (length r0) s0 b0). }
    assert (hb := sign c r b hc ht e). assert (hb' := sign c' r' (negb b) hc' ht' e'). now subst b. }
  destruct (row_of_neuron (network q) (length s) (1 :: x) hin) as [d [j [l [before [f [g1 [g2 [g3 g4]]]]]]]].
  assert (hval : forall z, value (length s) (1 :: z) = nth (length s) (rev (rows (run_of (network q) (1 :: z)))) 0).
  { intros z. unfold Rows.value, all_rows. rewrite rev_append_rev, rev_app_distr, rev_involutive, app_nth1; [reflexivity|].
    rewrite rev_length, (length_rows_any (network q) (1 :: z) (1 :: x)). exact hin. }
  destruct (g4 x) as [u [hu eu]]. destruct (g4 x') as [v [hv ev]]. rewrite hval, eu in h1. rewrite hval, ev in h2.
  exists d, j, l, before, u, v. repeat (split; [assumption|]).
  assert (neg : forall a, pos (- (f * a)) -> pos (- a)).
  { intros a h. apply pos_divide with f; [|exact g3]. now replace (f * - a) with (- (f * a)) by ring. }
  destruct b; simpl in h1, h2; [left | right]; split; eauto using pos_divide.
Qed.

Lemma points_of_tiles own : Forall full own -> Forall is_tile own -> ForallOrdPairs differ own -> told_apart target (map (fun c => hull_of (corners_of c)) own).
Proof.
  intros hf ht hd. assert (hpts : exists points : list point, Forall2 (fun c x => length x = inputs q /\ strictly (rows_of (pattern c)) (1 :: x)) own points).
  { clear ht hd. induction hf as [|c own hc _ [points IH]]; [exists []; constructor|]. destruct (point_inside q target c (proj1 hc)) as [x hx].
    exists (x :: points). now constructor. }
  destruct hpts as [points hpts]. exists points. induction hpts as [|c x own points [hx hs] hrest IH]; [split; constructor|].
  inversion_clear hf as [|? ? hf1 hf2]. inversion_clear ht as [|? ? ht1 ht2]. inversion_clear hd as [|? ? hd1 hd2].
  destruct (IH hf2 ht2 hd2) as [h1 h2]. split; simpl; constructor; auto.
  - split; [|split].
    + apply (inside_domain q is_sound no_equation x hx). apply Forall_app in hs. apply hs.
    + now apply (strict_hits c x).
    + apply (hull_of_cell q target c x (proj1 hf1) hx). now apply strict_in_cone.
  - clear IH h1 h2 hd2. revert hd1 hf2 ht2. induction hrest as [|c' x' own points [hx' hs'] _ IH]; intros hd1 hf2 ht2; constructor.
    + inversion_clear hd1. inversion_clear hf2. inversion_clear ht2. now apply (tiles_cross c c').
    + inversion_clear hd1. inversion_clear hf2. inversion_clear ht2. now apply IH.
Qed.

(** ** The network on a cell *)

Lemma hull_affine c : full c -> affine_hull (hull_of (corners_of c)).
Proof.
  intros hc. set (p := pattern c). set (run_p := run (zero F) (add F) (mul F) integer (pattern_gate p) (network q)).
  set (W := length (hd [] (layers (run_p (origin n))))).
  exists (map (fun i y => / factor (network q) * nth i (hd [] (layers (run_p y))) 0) (seq 0 W)).
  assert (hsame : forall y y', length y = n -> length y' = n -> same_shape (layers (run_p y)) (layers (run_p y'))).
  { intros y y' hy hy'. apply (run_linear (pattern_gate p) 1 y 1 y' (pattern_gate_linear p)). congruence. }
  split.
  - apply Forall_forall. intros f hf. apply in_map_iff in hf. destruct hf as [i [<- _]]. intros a y b y' hy hy'.
    destruct (run_linear (pattern_gate p) a y b y' (pattern_gate_linear p) ltac:(congruence) (network q)) as [e [_ [_ [hsh _]]]]. unfold run_p.
    rewrite e, hd_comb_all, nth_comb by (auto using hd_same). ring.
  - intros x hx hh. assert (hin := cell_of_hull q target c x (corners_of c) (proj1 hc) hx (incl_refl _) hh).
    assert (hy : length (1 :: x) = n) by (simpl; now rewrite hx). destruct (full_signed c (1 :: x) hc hy hin) as [ha _].
    assert (hrun : run_p (1 :: x) = run_of (network q) (1 :: x)).
    { destruct (run_same (pattern_gate p) (relus_gate (F := F)) (length p) (1 :: x) (network q)) as [h _].
      - intros i hi hl. assert (hg := gates_agree (network q) target p (1 :: x) ha i hi). unfold Rows.value, all_rows in hg.
        rewrite rev_append_rev, rev_app_distr, rev_involutive, app_nth1 in hg by (rewrite rev_length; exact hl). exact hg.
      - apply h. unfold p. rewrite (full_length c (1 :: x) hc). unfold all_rows. rewrite rev_append_rev, app_length. lia. }
    destruct (run_at_point (network q) x) as [e _]. assert (ehd : hd [] (layers (run_p (1 :: x))) = map (mul F (factor (network q))) (returned (network q) x)).
    { rewrite hrun, e. now destruct (network q). }
    assert (hW : length (returned (network q) x) = W).
    { rewrite <- (map_length (mul F (factor (network q)))), <- ehd. apply hd_same, hsame; [exact hy | apply repeat_length]. }
    set (f := factor (network q)) in *. set (g := fun i => / f * nth i (hd [] (layers (run_p (1 :: x)))) 0).
    assert (hmap : forall k, (k < W)%nat -> nth k (map g (seq 0 W)) 0 = g k).
    { intros k hk. rewrite (nth_indep (map g (seq 0 W)) 0 (g 0%nat)) by now rewrite map_length, seq_length. now rewrite map_nth, seq_nth. }
    rewrite map_map. change (returned (network q) x = map g (seq 0 W)).
    apply (nth_ext _ _ 0 0); [now rewrite map_length, seq_length|]. intros i hi. rewrite hmap by lia. unfold g. rewrite ehd.
    transitivity (/ f * f * nth i (returned (network q) x) 0); [rewrite inverse_mul; [ring | apply integer_pos]|].
    transitivity (/ f * (f * nth i (returned (network q) x) 0)); [ring|]. f_equal.
    symmetry. replace (0 : K F) with (f * 0) at 1 by ring. apply map_nth.
Qed.

End Target.

Theorem answer_is_right target cert a : answer_of q target cert = Some a -> right_answer target (tiles a ++ faces a).
Proof.
  unfold answer_of. intros h. destruct (cover q target cert) as [cells|] eqn:hcov; [|easy].
  destruct (cover_right (F := F) q target cert cells hcov) as [hs [hd [hr [_ hcover]]]]. destruct (judged_cells target cells a h) as [h1 h2].
  rewrite Forall_forall in hr. intros x hx. split.
  - intros ht. destruct (hcover (1 :: x)) as [c [hc hin]]; [simpl; f_equal; apply hx | now apply domain_cone|].
    destruct (h1 c hc) as [own [hj hi]]. assert (hex := judge_complete target c x own (hr c hc) hx hin hj ht). apply Exists_exists in hex. destruct hex as [vs [hv hvx]].
    apply Exists_exists. exists vs. split; [now apply hi | exact hvx].
  - intros hex. apply Exists_exists in hex. destruct hex as [vs [hv hvx]]. destruct (h2 vs hv) as [c [own [hc [hj hvo]]]].
    apply (judge_sound target c x own (hr c hc) (proj1 hx) hj). apply Exists_exists. now exists vs.
Qed.

Theorem tiles_are_apart target cert a : answer_of q target cert = Some a -> told_apart target (tiles a) /\ Forall affine_hull (tiles a).
Proof.
  unfold answer_of. intros h. destruct (cover q target cert) as [cells|] eqn:hcov; [|easy].
  destruct (cover_right (F := F) q target cert cells hcov) as [hs [hd [hr [hdiff _]]]].
  destruct (tile_cells target cells a h) as [own [e [hincl [ht hord]]]]. rewrite Forall_forall in hr.
  assert (hf : Forall (full target) own) by (rewrite Forall_forall in ht |- *; intros c hc; split; [now apply hr, hincl | now apply ht]).
  rewrite e. split; [now apply points_of_tiles, hord|]. apply Forall_forall. intros vs hv. apply in_map_iff in hv. destruct hv as [c [<- hc]].
  rewrite Forall_forall in hf. now apply (hull_affine target c), hf.
Qed.

(** ** The theorems *)

(** Preimages. *)
Theorem preimage_of_vertices_is_right certs answers : preimage_of_vertices q certs = Some answers ->
  Forall2 (fun target a => right_answer target (tiles a ++ faces a) /\ told_apart target (tiles a) /\ Forall affine_hull (tiles a)) (targets q) answers.
Proof.
  unfold preimage_of_vertices. generalize (targets q). intros ts. revert certs answers.
  induction ts as [|target ts IH]; intros [|cert certs] answers h; simpl in h; try easy; [injection h as <-; constructor|].
  destruct (answer_of q target cert) as [a|] eqn:e; [|easy]. destruct (answers_of q ts certs) as [others|] eqn:eo; [|easy]. injection h as <-.
  constructor; [|now apply (IH certs)]. split; [now apply answer_is_right with cert | now apply tiles_are_apart with cert].
Qed.

(** Where no condition is strict, the hulls are the preimage. *)
Corollary closed_preimage_of_vertices_is_right certs answers : preimage_of_vertices q certs = Some answers ->
  Forall (Forall (fun c => relates c <> Less)) (targets q) ->
  Forall2 (fun target a => forall x : point, in_domain q x -> (hits q x target <-> Exists (fun vs => in_hull vs x) (tiles a ++ faces a))) (targets q) answers.
Proof.
  intros h hn. apply preimage_of_vertices_is_right in h. induction h as [|target a ts answers [h1 _] _ IH]; [constructor|]. inversion_clear hn as [|? ? hn1 hn2].
  constructor; [|now apply IH]. intros x hx. destruct (h1 x hx) as [h2 h3]. split; [exact h2|]. intros hh. specialize (h3 hh). unfold hits in *.
  rewrite Forall_forall in *. intros c hc. assert (hcl := h3 (closed c) (in_map closed _ _ hc)). specialize (hn1 c hc).
  unfold holds, closed, excess in *. cbn [over Question.form bound relates] in *. destruct (relates c); [easy | exact hcl | exact hcl].
Qed.

(** Without any hull, no point of the domain maps into a target. *)
Corollary vertices_hold certs answers : preimage_of_vertices q certs = Some answers -> Forall (fun a => tiles a = [] /\ faces a = []) answers ->
  forall x : point, in_domain q x -> Forall (fun target => ~ hits q x target) (targets q).
Proof.
  intros h hn x hx. apply preimage_of_vertices_is_right in h. induction h as [|target a ts answers [h1 _] _ IH]; [constructor|]. inversion_clear hn as [|? ? hn1 hn2].
  constructor; [|now apply IH]. intros hh. apply (h1 x hx) in hh. destruct hn1 as [e1 e2]. rewrite e1, e2 in hh. inversion hh.
Qed.

(** Linear regions. *)
Theorem regions_of_vertices_are_right cert hulls : regions_of_vertices q cert = Some hulls ->
  (forall x : point, in_domain q x -> Exists (fun vs => in_hull vs x) hulls) /\ told_apart [] hulls /\ Forall affine_hull hulls.
Proof.
  unfold regions_of_vertices. intros h. destruct (answer_of q [] cert) as [a|] eqn:e; [|easy]. injection h as <-.
  assert (hf : faces a = []).
  { unfold answer_of in e. destruct (cover q [] cert) as [cells|]; [|easy]. clear -e. revert a e. induction cells as [|c cells IH]; intros a e; simpl in e; [now injection e as <-|].
    destruct (judge (network q) [] c) as [ja|] eqn:ej; [|easy]. destruct (judged (network q) [] cells) as [others|]; [|easy]. injection e as <-. cbn [faces]. rewrite (IH others eq_refl), app_nil_r.
    unfold judge, signs_of in ej. simpl in ej. destruct (negb _); [destruct (misses [] c || misses_within (network q) [] c); [|easy]|]; now injection ej as <-. }
  split; [|now apply tiles_are_apart with cert]. intros x hx. assert (hr := answer_is_right [] cert a e x hx). destruct hr as [hr _].
  rewrite hf, app_nil_r in hr. apply hr. constructor.
Qed.

(** What is accepted makes sense. *)
Theorem vertices_are_sound target cert a : answer_of q target cert = Some a -> sound q = true.
Proof. unfold answer_of, cover. destruct (sound q); easy. Qed.

End SecondTheorem.
