(** * The second theorem: what certificates of vertices prove

    [preimage_of_vertices] and [regions_of_vertices] are the program, [Cells.v]; the rest of this file says what is true if they
    give something. *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Fields Polytopes Segments Cover Cells Tries Rows Vertices Meaning Hulls.

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

Lemma judge_complete c (x : point) a : full c -> in_domain q x -> in_cone (rows_of (pattern c)) (1 :: x) -> judge target c = Some a -> hits q x target ->
  Exists (fun vs => in_hull vs x) (tiles a ++ faces a).
Proof.
  intros hc [hx hd] hin hj ht. unfold judge in hj. destruct hc as [hr hu]. rewrite hu in hj. cbn [Nat.eqb negb] in hj.
  destruct (existsb is_missed _) eqn:hm; [now elim (missed_right c x (conj hr hu) hx hin hm)|].
  destruct (existsb is_tight _) eqn:htt; injection hj as <-; cbn [tiles faces app].
  - assert (h := on_some c x (conj hr hu) hx hin ht). rewrite (some_finite _ x h). now left.
  - left. now apply (hull_of_cell q target c x).
Qed.

Lemma judge_sound c (x : point) a : right_cell c -> length x = inputs q -> judge target c = Some a ->
  Exists (fun vs => in_hull vs x) (tiles a ++ faces a) -> hits q x (map closed target).
Proof.
  intros hr hx hj hh. unfold judge in hj. destruct (undecided c =? 0)%nat eqn:hu; [|easy]. apply Nat.eqb_eq in hu. cbn [negb] in hj.
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

Lemma judged_cells cells : forall a, judged target cells = Some a ->
  (forall c, In c cells -> exists own, judge target c = Some own /\ incl (tiles own ++ faces own) (tiles a ++ faces a))
  /\ (forall vs, In vs (tiles a ++ faces a) -> exists c own, In c cells /\ judge target c = Some own /\ In vs (tiles own ++ faces own)).
Proof.
  induction cells as [|c cells IH]; intros a h; simpl in h; [injection h as <-; easy|].
  destruct (judge target c) as [own|] eqn:e; [|easy]. destruct (judged target cells) as [others|]; [|easy]. injection h as <-.
  destruct (IH others eq_refl) as [h1 h2]. cbn [tiles faces]. split.
  - intros c' [<-|hc].
    + exists own. split; [exact e|]. intros vs hv. apply in_app_or in hv. rewrite !in_app_iff. tauto.
    + destruct (h1 c' hc) as [own' [e' hi]]. exists own'. split; [exact e'|]. intros vs hv. apply hi, in_app_or in hv. rewrite !in_app_iff. tauto.
  - intros vs hv. assert (hcase : In vs (tiles own ++ faces own) \/ In vs (tiles others ++ faces others)) by (rewrite !in_app_iff in *; tauto).
    destruct hcase as [hcase|hcase]; [exists c, own; split; [now left | now split]|].
    destruct (h2 vs hcase) as [c' [own' [h3 h4]]]. exists c', own'. split; [now right | exact h4].
Qed.

End Target.

Theorem answer_is_right target cert a : answer_of q target cert = Some a -> right_answer target (tiles a ++ faces a).
Proof.
  unfold answer_of. intros h. destruct (cover q target cert) as [cells|] eqn:hcov; [|easy].
  destruct (cover_right (F := F) q target cert cells hcov) as [hs [hd [hr [_ hcover]]]]. destruct (judged_cells target cells a h) as [h1 h2].
  rewrite Forall_forall in hr. intros x hx. split.
  - intros ht. destruct (hcover (1 :: x)) as [c [hc hin]]; [simpl; f_equal; apply hx | now apply domain_cone|].
    destruct (h1 c hc) as [own [hj hi]]. assert (hu : undecided c = 0%nat).
    { unfold judge in hj. destruct (undecided c =? 0)%nat eqn:e; [now apply Nat.eqb_eq in e | easy]. }
    assert (hex := judge_complete target c x own (conj (hr c hc) hu) hx hin hj ht). apply Exists_exists in hex. destruct hex as [vs [hv hvx]].
    apply Exists_exists. exists vs. split; [now apply hi | exact hvx].
  - intros hex. apply Exists_exists in hex. destruct hex as [vs [hv hvx]]. destruct (h2 vs hv) as [c [own [hc [hj hvo]]]].
    apply (judge_sound target c x own (hr c hc) (proj1 hx) hj). apply Exists_exists. now exists vs.
Qed.

End SecondTheorem.
