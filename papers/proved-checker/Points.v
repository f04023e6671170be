(** * Points: those inside of tiles, and those that map into a target *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Checker Soundness Leaves Trees Domain.

Lemma ordered_app {A} (R : A -> A -> Prop) l m :
  ForallOrdPairs R l -> ForallOrdPairs R m -> (forall a b, In a l -> In b m -> R a b) -> ForallOrdPairs R (l ++ m).
Proof.
  intros hl hm h. induction hl as [|a l ha _ IH]; [exact hm|]. simpl. constructor.
  - apply Forall_app. split; [exact ha|]. apply Forall_forall. intros b hb. apply h; [now left | exact hb].
  - apply IH. intros a' b ha' hb. apply h; [now right | exact hb].
Qed.

Section Points.
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

(** ** Rows at a point *)

Lemma dot_point a xs d : dot a (point_of xs d) = part d * integer (product a xs) :> K F.
Proof.
  revert xs. induction a as [|a0 a IH]; intros [|x0 xs]; simpl; rewrite ?integer_0; try ring.
  rewrite IH, integer_add, integer_mul. ring.
Qed.

Lemma value_at_spec a b rel xs d : dot a (point_of xs d) + integer b = part d * integer (value_at xs d (a, b, rel)) :> K F.
Proof.
  unfold value_at. rewrite dot_point, integer_add, integer_mul.
  transitivity (part d * integer (product a xs) + part d * integer (Zpos d) * integer b : K F); [rewrite part_integer|]; ring.
Qed.

Lemma integer_eq_0 n : integer n = 0 :> K F -> n = 0%Z.
Proof.
  intros h. assert (n <= 0)%Z by (apply (integer_le (F := F)); rewrite h, integer_0; apply le_refl).
  assert (0 <= n)%Z by (apply (integer_le (F := F)); rewrite h, integer_0; apply le_refl). lia.
Qed.

Lemma holds_at_spec r xs d : holds_at xs d r = true -> row_holds (point_of xs d : point) r.
Proof.
  destruct r as [[a b] rel]. unfold holds_at, row_holds. rewrite (value_at_spec a b rel), relation_holds_part. simpl snd.
  set (v := value_at xs d (a, b, rel)). destruct rel; intros h; simpl.
  - apply Z.ltb_lt in h. split; [apply integer_nonpos; lia|]. intros e. apply integer_eq_0 in e. lia.
  - apply Z.leb_le in h. apply integer_nonpos. lia.
  - apply Z.eqb_eq in h. rewrite h. apply integer_0.
Qed.

Lemma below_at_spec a b rel xs d :
  (value_at xs d (a, b, rel) <? 0)%Z = true -> row_holds (point_of xs d : point) (a, b, Less).
Proof. intros h. apply holds_at_spec. exact h. Qed.

Lemma row_without_relation levels f upper v rel r :
  row_on_inputs levels f upper v rel = Some r ->
  exists a b, r = (a, b, rel) /\ forall rel', row_on_inputs levels f upper v rel' = Some (a, b, rel').
Proof.
  unfold row_on_inputs. intros h. apply bind_some in h. destruct h as [[[a b] k] [ha h]]. apply same_some in h. subst r.
  rewrite ha. eexists. eexists. split; reflexivity.
Qed.

(** ** Points inside *)

Variable q : question.

Section OfATarget.
Variable target : list condition.

Definition cut_strictly (x : point) (c : cut) : Prop :=
  cut_holds q x c /\ let '(r, _, v) := c in forall f, row_of q [] r = Some f -> value (network q) f x <> rational v.

Lemma domain_row_spec c (x : point) : row_holds x (domain_row c) <-> holds [] x c.
Proof.
  unfold domain_row, row_holds, holds, excess. rewrite relation_holds_part.
  assert (e : dot (hd [] (form c)) x + integer (Z.opp (bound c)) = linear [] (form c) x - integer (bound c)).
  { rewrite integer_opp. destruct (form c) as [|w a]; simpl; ring. }
  rewrite e. reflexivity.
Qed.

Lemma splits_strict levels path splits xs d :
  collected (cut_row q levels) path = Some splits -> forallb (fun r => value_at xs d r <? 0)%Z splits = true ->
  exact_levels (network q) levels (point_of xs d : point) -> Forall (cut_strictly (point_of xs d)) path.
Proof.
  intros h hs hl. apply collected_spec in h. revert hs. induction h as [|[[n upper] v] r path splits hr _ IH]; intros hs; [constructor|].
  cbn [forallb] in hs. apply andb_true_iff in hs. destruct hs as [hr0 hs]. constructor; [|now apply IH].
  assert (hr' := hr). unfold cut_row in hr'. apply bind_some in hr'. destruct hr' as [f [hf hrow]].
  destruct (row_without_relation _ _ _ _ _ _ hrow) as [a [b [-> hrel]]].
  apply (below_at_spec a b AtMost xs d) in hr0.
  apply (row_on_inputs_sound _ _ _ _ _ _ _ _ (hrel Less) hl) in hr0. simpl in hr0. destruct hr0 as [hle hne]. split.
  - intros f' hf'. rewrite hf in hf'. injection hf' as <-. destruct upper; now apply le_minus.
  - intros f' hf' e. rewrite hf in hf'. injection hf' as <-. apply hne. rewrite e. destruct upper; ring.
Qed.

Lemma nowhere_positive_spec a b e (x : point) :
  nowhere_positive a b e = true -> length e = length x -> all_within e x -> dot a x + integer b <= 0.
Proof.
  unfold nowhere_positive. destruct (lowest (added (-1) a []) e) as [v|] eqn:hl; [|easy]. intros h hx he.
  apply lowest_sound with (x := x) in hl; [|exact hx | exact he]. apply (at_most_le (F := F)) in h. rewrite rational_integer in h.
  rewrite dot_added in hl. change (-1)%Z with (Z.opp 1) in hl. rewrite integer_opp, integer_1 in hl. simpl in hl.
  assert (g := le_trans F _ _ _ h hl). apply difference_le in g. apply le_difference.
  match type of g with 0 <= ?u => match goal with |- 0 <= ?w => replace w with u by ring end end. exact g.
Qed.

Lemma holds_by_ends_spec r e (x : point) :
  holds_by_ends r e = true -> length e = length x -> all_within e x -> row_holds x r.
Proof.
  destruct r as [[a b] rel]. unfold holds_by_ends. destruct rel; intros h hx he; [easy | |].
  - simpl. now apply nowhere_positive_spec with e.
  - apply andb_true_iff in h. destruct h as [h1 h2]. apply nowhere_positive_spec with (x := x) in h1, h2; try assumption.
    simpl. apply le_antisym; [exact h1|]. rewrite dot_added, integer_opp in h2. change (-1)%Z with (Z.opp 1) in h2.
    rewrite integer_opp, integer_1 in h2. simpl in h2. apply difference_le in h2.
    match type of h2 with 0 <= ?u => match goal with |- 0 <= ?w => replace w with u by ring end end. exact h2.
Qed.

Lemma holds_strictly_spec r xs d : holds_strictly xs d r = true -> row_holds (point_of xs d : point) r.
Proof.
  destruct r as [[a b] rel]. unfold holds_strictly. intros h.
  assert (hs : (value_at xs d (a, b, rel) <? 0)%Z = true) by (destruct rel; easy).
  apply below_at_spec in hs. destruct rel; [exact hs | apply hs | easy].
Qed.

Definition point_is_inside (path : list cut) (p : piece) : Prop :=
  match point_inside p with
  | None => True
  | Some (xs, d) =>
      let x : point := point_of xs d in
      in_domain q x /\ hits q x target /\ inside_piece x p /\ Forall (cut_strictly x) path
      /\ Forall (fun c => is_by_sign q c = true) path
  end.

Lemma piece_point everywhere here path a p :
  piece_of q target everywhere here path a = Some p ->
  (forall x : point, in_domain q x -> valid q everywhere x) ->
  (forall x : point, in_domain q x -> Forall (cut_holds q x) path -> valid q here x) ->
  point_is_inside path p.
Proof.
  intros h hev hh. assert (h' := h). unfold piece_of in h.
  destruct (forward (inputs q) (network q) (of_neurons everywhere) (of_neurons here)) as [levels signs] eqn:hf.
  apply bind_some in h. destruct h as [splits [hs h]]. apply bind_some in h. destruct h as [rows [hr h]].
  destruct a as [pr|xs d|]; [injection h as <-; exact I| |injection h as <-; exact I].
  destruct (is_inside q here path splits signs rows xs d) eqn:hi; [|easy]. injection h as <-.
  unfold is_inside in hi. rewrite !andb_true_iff in hi. destruct hi as [[[[[h1 h2] h3] h4] h5] h6].
  apply Nat.eqb_eq in h1. unfold point_is_inside. simpl. set (x := point_of xs d : point).
  assert (hd : in_domain q x).
  { split; [unfold x, point_of; now rewrite map_length|]. apply Forall_forall. intros c hc. apply domain_row_spec.
    apply holds_at_spec. rewrite forallb_forall in h2. now apply h2. }
  assert (hsg : Forall (row_holds x) signs).
  { apply Forall_forall. intros r hr'. apply holds_at_spec. rewrite forallb_forall in h5. now apply h5. }
  assert (hl : exact_levels (network q) levels x)
    by (eapply forward_exact; [exact hf | apply hd | exact (valid_neurons q [] _ _ (hev x hd)) | exact hsg]).
  assert (hstrict := splits_strict levels path splits xs d hs h4 hl).
  assert (hcuts : Forall (cut_holds q x) path) by (apply Forall_forall; intros c hc; rewrite Forall_forall in hstrict; apply (hstrict c hc)).
  assert (hv := hh x hd hcuts).
  assert (hrows : Forall (row_holds x) rows).
  { apply Forall_forall. intros r hin. rewrite forallb_forall in h6. specialize (h6 r hin). apply orb_true_iff in h6.
    destruct h6 as [h6|h6]; [now apply holds_strictly_spec|].
    apply holds_by_ends_spec with (of_inputs here); [exact h6 | apply hv | now apply (valid_inputs q []) in hv; [|apply hd]]. }
  assert (ht : hits q x target).
  { apply (Forall_transfer _ (holds (network q) x) (row_holds x) _ _ (collected_spec _ _ _ hr)); [|exact hrows].
    intros c r hc. symmetry. now apply target_row_sound with levels. }
  split; [exact hd|]. split; [exact ht|]. split; [|split; [exact hstrict | apply Forall_forall; rewrite forallb_forall in h3; exact h3]].
  exact (piece_covers q target everywhere here path _ _ x h' (proj1 hd) (valid_neurons q [] _ _ (hev x hd))
    (valid_neurons q [] _ _ hv) hcuts ht).
Qed.

(** ** Pieces of a tree *)

(** What enters a neuron that has a ReLU is negative at one point, and positive at the other. *)
Definition separated (x y : point) : Prop :=
  exists d i l before u v,
    skipn d (network q) = l :: before /\ nth i (relus l) false = true
    /\ nth_error (entering l (returned before x)) i = Some u /\ nth_error (entering l (returned before y)) i = Some v
    /\ (u <= 0 /\ u <> 0) /\ (0 <= v /\ v <> 0).

(** A function does not have this value at the point inside of a tile. *)
Definition is_not_at_the_point (f : affine) (v : Q) (p : piece) : Prop :=
  match point_inside p with
  | Some (xs, d) => value (network q) f (point_of xs d : point) <> rational v
  | None => True
  end.

(** Two pieces are on the two sides of a function, tiles not only where it has the value between; and the points inside of
    tiles have another sign at some ReLU. *)
Definition apart (p r : piece) : Prop :=
  (exists f v,
     (forall x : point, in_domain q x ->
        (inside_piece x p -> value (network q) f x <= rational v) /\ (inside_piece x r -> rational v <= value (network q) f x))
     /\ is_not_at_the_point f v p /\ is_not_at_the_point f v r)
  /\ match point_inside p, point_inside r with
     | Some (xs, d), Some (ys, e) => separated (point_of xs d) (point_of ys e)
     | _, _ => True
     end.

Variable of_regions : bool.
Variable everywhere : ends.
Hypothesis everywhere_valid : forall x : point, in_domain q x -> valid q everywhere x.

Definition reached (e : ends) (path : list cut) : Prop :=
  forall x : point, in_domain q x -> Forall (cut_holds q x) path -> valid q e x.

Lemma reached_split e cs e' path r f v upper :
  reached e path -> all_claimed q e cs = Some e' -> row_of q [] r = Some f ->
  reached (with_end e' r upper v) ((r, upper, v) :: path).
Proof.
  intros h hc hf x hd hp. apply Forall_cons_iff in hp. destruct hp as [hcut hp].
  apply valid_cut with f; [|exact hf | exact hcut]. eapply all_claimed_sound; eauto.
Qed.

Lemma pieces_points e path t ps :
  pieces q target of_regions everywhere e path t = Some ps -> reached e path ->
  Forall (fun p => point_is_inside path p) ps.
Proof.
  revert e path ps. induction t as [cs a | cs r v low IHlow high IHhigh]; intros e path ps h he; cbn [pieces] in h.
  - apply bind_some in h. destruct h as [here [hc h]].
    assert (leaf : forall a', (if of_regions && negb (is_region q everywhere here) then None
        else match piece_of q target everywhere here path a' with Some p => Some [p] | None => None end) = Some ps ->
        Forall (fun p => point_is_inside path p) ps).
    { intros a' h'. destruct (of_regions && negb (is_region q everywhere here)); [easy|].
      apply bind_some in h'. destruct h' as [p [hpc h']]. injection h' as <-. constructor; [|constructor].
      eapply piece_point; eauto. intros x hd hp. eapply all_claimed_sound; eauto. }
    destruct a as [p | y d | ]; [|exact (leaf _ h) | exact (leaf _ h)].
    apply bind_some in h. destruct h as [w [hw h]]. destruct (0 <? Qnum w)%Z; [injection h as <-; constructor|].
    match type of h with (if ?b then _ else _) = _ => destruct b; [injection h as <-; constructor | easy] end.
  - apply bind_some in h. destruct h as [e' [hc h]]. apply bind_some in h. destruct h as [f [hf h]].
    apply bind_some in h. destruct h as [one [h1 h]]. apply bind_some in h. destruct h as [two [h2 h]]. injection h as <-.
    apply Forall_app.
    split; [apply IHlow in h1 | apply IHhigh in h2]; try (eapply reached_split; eassumption);
      eapply Forall_impl; try eassumption; intros p; unfold point_is_inside; destruct (point_inside p) as [[xs d]|]; auto;
      intros [g1 [g2 [g3 [g4 g5]]]]; apply Forall_inv_tail in g4; apply Forall_inv_tail in g5; auto.
Qed.

Lemma strict_sides r v f p p' path path' :
  row_of q [] r = Some f -> point_is_inside ((r, true, v) :: path) p -> point_is_inside ((r, false, v) :: path') p' ->
  match point_inside p, point_inside p' with
  | Some (xs, d), Some (ys, e) => separated (point_of xs d) (point_of ys e)
  | _, _ => True
  end.
Proof.
  intros hf. unfold point_is_inside. destruct (point_inside p) as [[xs d]|]; [|easy]. destruct (point_inside p') as [[ys e]|]; [|easy].
  intros [_ [_ [_ [h1 h2]]]] [_ [_ [_ [h3 _]]]]. apply Forall_inv in h1, h2, h3.
  destruct h1 as [h1 h1']. destruct h3 as [h3 h3']. assert (h1e := h1 f hf). assert (h3e := h3 f hf).
  assert (h1n := h1' f hf). assert (h3n := h3' f hf). destruct r as [j|k i|i|i]; try easy. simpl in h2.
  destruct (value_of_neuron q [] k i f (point_of xs d : point) hf) as [l [before [hs hu]]].
  destruct (value_of_neuron q [] k i f (point_of ys e : point) hf) as [l' [before' [hs' hv]]].
  rewrite hs in hs'. injection hs' as <- <-. rewrite hs in h2. apply andb_true_iff in h2. destruct h2 as [hrelu h0].
  apply Z.eqb_eq in h0. assert (hz : rational v = 0) by (rewrite of_Q_parts, h0, integer_0; ring). rewrite hz in *.
  exists k, i, l, before. eexists. eexists. repeat split; eassumption.
Qed.

Lemma not_at_the_point r upper v f path p :
  row_of q [] r = Some f -> point_is_inside ((r, upper, v) :: path) p -> is_not_at_the_point f v p.
Proof.
  intros hf. unfold point_is_inside, is_not_at_the_point. destruct (point_inside p) as [[xs d]|]; [|easy].
  intros [_ [_ [_ [h _]]]]. apply Forall_inv in h. apply (proj2 h f hf).
Qed.

Lemma pieces_apart e path t ps :
  pieces q target of_regions everywhere e path t = Some ps -> reached e path -> ForallOrdPairs apart ps.
Proof.
  revert e path ps. induction t as [cs a | cs r v low IHlow high IHhigh]; intros e path ps h he; cbn [pieces] in h.
  - apply bind_some in h. destruct h as [here [hc h]].
    assert (leaf : forall a', (if of_regions && negb (is_region q everywhere here) then None
        else match piece_of q target everywhere here path a' with Some p => Some [p] | None => None end) = Some ps ->
        ForallOrdPairs apart ps).
    { intros a' h'. destruct (of_regions && negb (is_region q everywhere here)); [easy|].
      apply bind_some in h'. destruct h' as [p [hpc h']]. injection h' as <-. constructor; constructor. }
    destruct a as [p | y d | ]; [|exact (leaf _ h) | exact (leaf _ h)].
    apply bind_some in h. destruct h as [w [hw h]]. destruct (0 <? Qnum w)%Z; [injection h as <-; constructor|].
    match type of h with (if ?b then _ else _) = _ => destruct b; [injection h as <-; constructor | easy] end.
  - apply bind_some in h. destruct h as [e' [hc h]]. apply bind_some in h. destruct h as [f [hf h]].
    apply bind_some in h. destruct h as [one [h1 h]]. apply bind_some in h. destruct h as [two [h2 h]]. injection h as <-.
    assert (r1 : reached (with_end e' r true v) ((r, true, v) :: path)) by (eapply reached_split; eassumption).
    assert (r2 : reached (with_end e' r false v) ((r, false, v) :: path)) by (eapply reached_split; eassumption).
    apply ordered_app; [exact (IHlow _ _ _ h1 r1) | exact (IHhigh _ _ _ h2 r2)|]. intros p p' hp hp'.
    assert (g1 := pieces_hit (F := F) _ _ _ _ _ _ _ _ h1). assert (g2 := pieces_hit (F := F) _ _ _ _ _ _ _ _ h2).
    assert (i1 := pieces_points _ _ _ _ h1 r1). assert (i2 := pieces_points _ _ _ _ h2 r2).
    rewrite Forall_forall in g1, g2, i1, i2. split.
    + exists f, v. split; [|split; eapply not_at_the_point; [exact hf | exact (i1 p hp) | exact hf | exact (i2 p' hp')]].
      intros x hd. split; intros hi.
      * destruct (g1 p hp x hd (everywhere_valid x hd) hi) as [_ cuts]. apply Forall_inv in cuts. exact (cuts f hf).
      * destruct (g2 p' hp' x hd (everywhere_valid x hd) hi) as [_ cuts]. apply Forall_inv in cuts. exact (cuts f hf).
    + exact (strict_sides r v f p p' path path hf (i1 p hp) (i2 p' hp')).
Qed.

(** ** Regions *)

(** What a network returns is affine on a polyhedron. *)
Definition affine_on (p : piece) : Prop :=
  exists k forms, forall x : point, in_domain q x -> inside_piece x p ->
    returned (network q) x = map (fun '(a, b) => part k * (dot a x + integer b)) forms.

Lemma exact_all k fs h (x : point) :
  exact k fs h x -> forallb is_known fs = true ->
  h = map (fun '(a, b) => part k * (dot a x + integer b)) (map (fun f => match f with Some g => g | None => ([], 0%Z) end) fs).
Proof.
  revert h. induction fs as [|f fs IH]; intros [|v h] he hk; try easy. cbn [forallb] in hk. apply andb_true_iff in hk.
  destruct hk as [hf hk]. destruct he as [he0 he]. destruct f as [[a b]|]; [|easy]. simpl. now rewrite he0, <- (IH h he hk).
Qed.

Lemma piece_affine here path a p :
  piece_of q target everywhere here path a = Some p -> is_region q everywhere here = true -> affine_on p.
Proof.
  intros h hr. destruct (piece_rows _ _ _ _ _ _ _ h) as [levels [signs [splits [rows [hf [_ [_ hp]]]]]]].
  unfold is_region in hr. rewrite hf in hr. simpl in hr. destruct levels as [|[k fs] levels].
  { exists 1%positive, []. intros x hd hi. exfalso. unfold inside_piece, inside in hi. rewrite hp, !Forall_app in hi.
    exact (match network q as n return exact_levels n [] x -> False with [] => fun f => f | _ => fun f => f end
      (forward_exact _ _ _ _ _ _ x hf (proj1 hd) (valid_neurons q [] _ _ (everywhere_valid x hd)) (proj1 (proj2 hi)))). }
  cbn [forallb] in hr. apply andb_true_iff in hr. destruct hr as [hk _].
  exists k, (map (fun f => match f with Some g => g | None => ([], 0%Z) end) fs). intros x hd hi.
  unfold inside_piece, inside in hi. rewrite hp, !Forall_app in hi.
  assert (hl := forward_exact _ _ _ _ _ _ x hf (proj1 hd) (valid_neurons q [] _ _ (everywhere_valid x hd)) (proj1 (proj2 hi))).
  destruct (exact_head _ _ _ hl) as [k' [fs' [ls' [e he]]]]. injection e as <- <- <-. now apply exact_all.
Qed.

Lemma pieces_affine e path t ps :
  of_regions = true -> pieces q target of_regions everywhere e path t = Some ps -> Forall affine_on ps.
Proof.
  intros hreg. revert e path ps. induction t as [cs a | cs r v low IHlow high IHhigh]; intros e path ps h; cbn [pieces] in h.
  - apply bind_some in h. destruct h as [here [hc h]].
    assert (leaf : forall a', (if of_regions && negb (is_region q everywhere here) then None
        else match piece_of q target everywhere here path a' with Some p => Some [p] | None => None end) = Some ps ->
        Forall affine_on ps).
    { intros a' h'. rewrite hreg in h'. destruct (is_region q everywhere here) eqn:hr; [|easy]. simpl in h'.
      apply bind_some in h'. destruct h' as [p [hpc h']]. injection h' as <-. constructor; [|constructor]. eapply piece_affine; eauto. }
    destruct a as [p | y d | ]; [|exact (leaf _ h) | exact (leaf _ h)].
    apply bind_some in h. destruct h as [w [hw h]]. destruct (0 <? Qnum w)%Z; [injection h as <-; constructor|].
    match type of h with (if ?b then _ else _) = _ => destruct b; [injection h as <-; constructor | easy] end.
  - apply bind_some in h. destruct h as [e' [hc h]]. apply bind_some in h. destruct h as [f [hf h]].
    apply bind_some in h. destruct h as [one [h1 h]]. apply bind_some in h. destruct h as [two [h2 h]]. injection h as <-.
    apply Forall_app. split; eauto.
Qed.

End OfATarget.

(** ** Points that map into a target *)

Lemma relu_part k z : relu F (part k * integer z) = part k * integer (Z.max z 0).
Proof.
  destruct (Z.leb_spec 0 z) as [h|h].
  - rewrite Z.max_l by lia. apply relu_active. apply le_times; [apply part_nonneg | now apply integer_nonneg].
  - rewrite Z.max_r by lia. rewrite integer_0. replace (part k * 0) with (0 : K F) by ring. apply relu_silent.
    apply part_le_0. apply integer_nonpos. lia.
Qed.

Lemma point_of_entry n d : rational (n # d) = part d * integer n.
Proof. rewrite of_Q_parts. simpl. ring. Qed.

Lemma run_spec net xs d h k : run net xs d = (h, k) -> returned net (point_of xs d : point) = point_of h k.
Proof.
  revert h k. induction net as [|l net IH]; intros h k e; cbn [run] in e; [now injection e as <- <-|].
  destruct (run net xs d) as [h' k']. rewrite (IH h' k' eq_refl || IH) || idtac. cbn [returned].
  assert (e1 := IH h' k' eq_refl). rewrite e1. injection e as <- <-. clear IH e1.
  unfold entering, point_of. generalize (relus l), (neurons l). induction l0 as [|on ons IH]; intros [|[w b] rows]; try reflexivity.
  cbn [map rectified combine]. rewrite IH. f_equal.
  assert (e2 : part (denominator l) * (dot w (map (fun n => part k' * integer n) h') + integer b)
    = part (k' * denominator l) * integer (Z.add (product w h') (Z.mul b (Zpos k'))) :> K F).
  { change (map (fun n => part k' * integer n) h') with (point_of h' k' : point). rewrite dot_point, part_mul, integer_add, integer_mul.
    transitivity (part (denominator l) * (part k' * integer (product w h') + part k' * integer (Zpos k') * integer b) : K F);
      [rewrite part_integer|]; ring. }
  rewrite e2. destruct on; [apply relu_part | reflexivity].
Qed.

Lemma form_at_spec net a xs d : rational (form_at net a xs d) = linear net a (point_of xs d).
Proof.
  revert net. induction a as [|own a IH]; intros net; [cbn [form_at]; rewrite linear_nil; apply of_Q_zero|].
  cbn [form_at]. destruct (run net xs d) as [h k] eqn:e. rewrite linear_cons, (run_spec _ _ _ _ _ e), dot_point.
  rewrite rational_plus, rational_reduced. f_equal. destruct net; [apply of_Q_zero | apply IH].
Qed.

Lemma condition_at_spec net c xs d : condition_at net xs d c = true -> holds net (point_of xs d : point) c.
Proof.
  unfold condition_at, holds, excess. rewrite relation_holds_part, <- form_at_spec, <- rational_integer, <- rational_minus.
  intros h. cbv zeta in h. set (v := minus (form_at net (form c) xs d) (bound c # 1)) in *. rewrite of_Q_parts.
  replace (integer (Qnum v) * part (Qden v)) with (part (Qden v) * integer (Qnum v) : K F) by ring. rewrite relation_holds_part.
  revert h. generalize (Qnum v). clear v. intros n h. destruct (relates c); simpl.
  - apply Z.ltb_lt in h. split; [apply integer_nonpos; lia|]. intros e. apply integer_eq_0 in e. lia.
  - apply Z.leb_le in h. apply integer_nonpos. lia.
  - apply Z.eqb_eq in h. rewrite h. apply integer_0.
Qed.

End Points.
