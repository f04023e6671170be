(** * Leaves as polyhedra, and trees as covers *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Checker Soundness Leaves.

Lemma same_triple {A B C} (a a' : A) (b b' : B) (c c' : C) : Some (a, b, c) = Some (a', b', c') -> a = a' /\ b = b' /\ c = c'.
Proof. intros h. now injection h as -> -> ->. Qed.

Lemma same_some {A} (a a' : A) : Some a = Some a' -> a = a'.
Proof. congruence. Qed.

Section Trees.
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

(** ** Functions of the inputs *)

(** What is known of values as functions of the inputs is exact at a point. *)
Fixpoint exact (k : positive) (fs : list known) (h x : point) : Prop :=
  match fs, h with
  | [], [] => True
  | f :: fs', v :: h' =>
      match f with Some (a, b) => v = part k * (dot a x + integer b) | None => True end /\ exact k fs' h' x
  | _, _ => False
  end.

Fixpoint exact_levels (net : list layer) (levels : list (positive * list known)) (x : point) : Prop :=
  match net, levels with
  | [], [(k, fs)] => exact k fs x x
  | _ :: before, (k, fs) :: levels' => exact k fs (returned net x) x /\ exact_levels before levels' x
  | _, _ => False
  end.

Lemma of_known_sound k fs h (x : point) w a b a' b' :
  exact k fs h x -> of_known fs w a b = Some (a', b') ->
  part k * (dot a' x + integer b') = part k * (dot a x + integer b) + dot w h.
Proof.
  revert fs h a b. induction w as [|w0 w IH]; intros fs h a b he eq; cbn [of_known] in eq.
  { injection eq as <- <-. simpl. ring. }
  destruct fs as [|f fs]; [easy|]. destruct h as [|v h]; [easy|]. destruct he as [hf he].
  destruct (Z.eqb_spec w0 0) as [->|_].
  - rewrite (IH fs h a b he eq). simpl. rewrite integer_0. ring.
  - destruct f as [[fa fb]|]; [|easy]. rewrite (IH _ _ _ _ he eq). simpl. rewrite dot_added, integer_add, integer_mul, hf. ring.
Qed.

Lemma row_sign k a b (v : K F) (x : point) : v = part k * (dot a x + integer b) -> (v <= 0 <-> row_holds x (a, b, AtMost)).
Proof. intros ->. simpl. apply part_le_0. Qed.

Lemma row_sign' k a b (v : K F) (x : point) :
  v = part k * (dot a x + integer b) -> (0 <= v <-> row_holds x (added (-1) a [], Z.opp b, AtMost)).
Proof.
  intros ->. simpl. rewrite dot_added. change (-1)%Z with (Z.opp 1). rewrite !integer_opp, integer_1. simpl.
  replace (- (1) * dot a x + 0 + - integer b) with (- (dot a x + integer b)) by ring. split; intros h.
  - apply (part_le_0 k). apply le_opp in h. match goal with |- ?u <= _ => replace u with (- (part k * (dot a x + integer b))) by ring end.
    replace (0 : K F) with (- 0 : K F) by ring. exact h.
  - apply (part_le_0 k) in h. apply le_opp in h. replace (- 0) with (0 : K F) in h by ring.
    match goal with |- _ <= ?u => replace u with (- (part k * - (dot a x + integer b))) by ring end. exact h.
Qed.

Lemma exact_zero k (x : point) : 0 = part k * (dot [] x + integer 0).
Proof. rewrite integer_0. simpl. ring. Qed.

Definition exactly (k : positive) (f : known) (v : K F) (x : point) : Prop :=
  match f with Some (a, b) => v = part k * (dot a x + integer b) | None => True end.

Lemma signed_exact k z v everywhere here h rows (x : point) :
  signed z everywhere here = (h, rows) -> exactly k z v x -> within everywhere v -> Forall (row_holds x) rows ->
  exactly k h (relu F v) x.
Proof.
  unfold signed. intros eq hz he hr. destruct (nonpositive everywhere) eqn:h1.
  { injection eq as <- <-. simpl. rewrite relu_silent by (eapply nonpositive_le; eassumption). apply (exact_zero k x). }
  destruct (nonnegative everywhere) eqn:h2.
  { injection eq as <- <-. rewrite relu_active by (eapply nonnegative_le; eassumption). exact hz. }
  destruct z as [[a b]|]; [|injection eq as <- <-; exact I]. simpl in hz.
  destruct (nonpositive here); [|destruct (nonnegative here)]; injection eq as <- <-.
  - apply Forall_inv in hr. rewrite relu_silent by now apply (row_sign k a b v x hz). apply (exact_zero k x).
  - apply Forall_inv in hr. rewrite relu_active by now apply (row_sign' k a b v x hz). exact hz.
  - exact I.
Qed.

Lemma signed_rows k z v everywhere here h rows (x : point) :
  signed z everywhere here = (h, rows) -> exactly k z v x -> within here v -> Forall (row_holds x) rows.
Proof.
  unfold signed. intros eq hz hh. destruct (nonpositive everywhere); [now injection eq as <- <-|].
  destruct (nonnegative everywhere); [now injection eq as <- <-|].
  destruct z as [[a b]|]; [|now injection eq as <- <-]. simpl in hz.
  destruct (nonpositive here) eqn:h1; [|destruct (nonnegative here) eqn:h2]; injection eq as <- <-; repeat constructor.
  - apply (row_sign k a b v x hz). eapply nonpositive_le; eassumption.
  - apply (row_sign' k a b v x hz). eapply nonnegative_le; eassumption.
Qed.

Lemma all_signed_exact k on z zv everywhere here h rows (x : point) :
  all_signed on z everywhere here = (h, rows) -> exact k z zv x -> all_within everywhere zv -> Forall (row_holds x) rows ->
  exact k h (rectified on zv) x.
Proof.
  revert z zv everywhere here h rows. induction on as [|on0 on IH]; intros z zv everywhere here h rows eq hz he hr.
  { injection eq as <- <-. exact I. }
  destruct z as [|z0 z]; [destruct zv; [injection eq as <- <-; exact I | easy]|]. destruct zv as [|v zv]; [easy|]. destruct hz as [hz0 hz].
  cbn [all_signed] in eq. apply all_within_hd in he. destruct he as [he0 he].
  destruct (if on0 then signed z0 (hd unknown everywhere) (hd unknown here) else (z0, [])) as [h0 own] eqn:e0.
  destruct (all_signed on z (tl everywhere) (tl here)) as [h' rows'] eqn:e1. injection eq as <- <-.
  apply Forall_app in hr. destruct hr as [hr0 hr]. split; [|eapply IH; eassumption]. destruct on0.
  - exact (signed_exact k z0 v _ _ _ _ x e0 hz0 he0 hr0).
  - injection e0 as <- <-. exact hz0.
Qed.

Lemma all_signed_rows k on z zv everywhere here h rows (x : point) :
  all_signed on z everywhere here = (h, rows) -> exact k z zv x -> all_within here zv -> Forall (row_holds x) rows.
Proof.
  revert z zv everywhere here h rows. induction on as [|on0 on IH]; intros z zv everywhere here h rows eq hz he.
  { injection eq as <- <-. constructor. }
  destruct z as [|z0 z]; [injection eq as <- <-; constructor|]. destruct zv as [|v zv]; [easy|]. destruct hz as [hz0 hz].
  cbn [all_signed] in eq. apply all_within_hd in he. destruct he as [he0 he].
  destruct (if on0 then signed z0 (hd unknown everywhere) (hd unknown here) else (z0, [])) as [h0 own] eqn:e0.
  destruct (all_signed on z (tl everywhere) (tl here)) as [h' rows'] eqn:e1. injection eq as <- <-.
  apply Forall_app. split; [|eapply IH; eassumption]. destruct on0.
  - exact (signed_rows k z0 v _ _ _ _ x e0 hz0 he0).
  - injection e0 as <- <-. constructor.
Qed.

Lemma exact_units (x : point) s d before :
  length before = s -> length x = d -> exact 1 (map (fun j => Some (repeat 0%Z j ++ [1%Z], 0%Z)) (seq s d)) x (before ++ x).
Proof.
  revert s d before. induction x as [|x0 x IH]; intros s [|d] before hb hd; try easy.
  cbn [seq map exact]. split.
  - rewrite dot_unit, app_nth2 by lia. rewrite hb, Nat.sub_diag. rewrite part_1, integer_0. simpl. ring.
  - replace (before ++ x0 :: x) with ((before ++ [x0]) ++ x) by now rewrite <- app_assoc.
    apply IH; [rewrite app_length; simpl; lia | now injection hd].
Qed.

Lemma exact_entering l k fs h (x : point) :
  exact k fs h x ->
  exact (k * denominator l) (map (fun '(w, b) => of_known fs w [] (Z.mul (Zpos k) b)) (neurons l)) (entering l h) x.
Proof.
  intros he. unfold entering. induction (neurons l) as [|[w b] rows IH]; [exact I|]. cbn [map exact]. split; [|exact IH].
  destruct (of_known fs w [] (Z.mul (Zpos k) b)) as [[a' b']|] eqn:eq; [|exact I].
  apply (of_known_sound k fs h x) in eq; [|exact he]. rewrite part_mul.
  transitivity (part (denominator l) * (part k * (dot a' x + integer b'))); [|ring]. rewrite eq, integer_mul. simpl.
  transitivity (part (denominator l) * (dot w h + (part k * integer (Zpos k)) * integer b)); [rewrite part_integer|]; ring.
Qed.

Lemma exact_head net levels (x : point) :
  exact_levels net levels x -> exists k fs ls, levels = (k, fs) :: ls /\ exact k fs (returned net x) x.
Proof.
  destruct net, levels as [|[k fs] [|l' ls]]; try easy; intros h; exists k, fs; eexists; (split; [reflexivity|]); try exact h; apply h.
Qed.

Lemma forward_exact d net everywhere here levels rows (x : point) :
  forward d net everywhere here = (levels, rows) -> length x = d -> neurons_within net everywhere x ->
  Forall (row_holds x) rows -> exact_levels net levels x.
Proof.
  revert everywhere here levels rows. induction net as [|l net IH]; intros everywhere here levels rows eq hx he hr.
  { injection eq as <- <-. exact (exact_units x 0 d [] eq_refl hx). }
  cbn [forward] in eq. destruct he as [he0 he]. destruct (forward d net (tl everywhere) (tl here)) as [ls rs] eqn:e0.
  assert (h : forall rs', Forall (row_holds x) rs' -> rs' = rs -> exact_levels net ls x)
    by (intros rs' h <-; eapply IH; eassumption).
  destruct ls as [|[k fs] ls]; [exfalso; injection eq as <- <-|].
  { assert (e1 := e0). clear -e1. revert everywhere here rs e1. induction net as [|l' net IH]; intros everywhere here rs e1; [easy|].
    cbn [forward] in e1. destruct (forward d net (tl (tl everywhere)) (tl (tl here))) as [ls' rs'] eqn:e2.
    destruct ls' as [|[k' fs'] ls']; [exact (IH _ _ _ e2)|].
    destruct (all_signed (relus l') (map (fun '(w, b) => of_known fs' w [] (Z.mul (Zpos k') b)) (neurons l')) (hd [] (tl everywhere))
      (hd [] (tl here))) in e1. easy. }
  destruct (all_signed (relus l) (map (fun '(w, b) => of_known fs w [] (Z.mul (Zpos k) b)) (neurons l)) (hd [] everywhere)
    (hd [] here)) as [h' own] eqn:e1. injection eq as <- <-. apply Forall_app in hr. destruct hr as [hr0 hr].
  assert (hl := h rs hr eq_refl). split; [|exact hl].
  destruct (exact_head _ _ _ hl) as [k0 [fs0 [ls0 [e2 hk]]]]. injection e2 as <- <- <-.
  eapply all_signed_exact; [exact e1 | apply exact_entering; exact hk | exact he0 | exact hr0].
Qed.

Lemma forward_rows d net everywhere here levels rows (x : point) :
  forward d net everywhere here = (levels, rows) -> length x = d -> neurons_within net everywhere x ->
  neurons_within net here x -> Forall (row_holds x) rows.
Proof.
  revert everywhere here levels rows. induction net as [|l net IH]; intros everywhere here levels rows eq hx he hh.
  { injection eq as <- <-. constructor. }
  cbn [forward] in eq. destruct he as [he0 he]. destruct hh as [hh0 hh].
  destruct (forward d net (tl everywhere) (tl here)) as [ls rs] eqn:e0.
  assert (hr : Forall (row_holds x) rs) by (eapply IH; eassumption).
  destruct ls as [|[k fs] ls]; [injection eq as <- <-; constructor|].
  destruct (all_signed (relus l) (map (fun '(w, b) => of_known fs w [] (Z.mul (Zpos k) b)) (neurons l)) (hd [] everywhere)
    (hd [] here)) as [h' own] eqn:e1. injection eq as <- <-. apply Forall_app. split; [|exact hr].
  assert (hl := forward_exact _ _ _ _ _ _ x e0 hx he hr).
  destruct (exact_head _ _ _ hl) as [k0 [fs0 [ls0 [e2 hk]]]]. injection e2 as <- <- <-.
  eapply all_signed_rows; [exact e1 | apply exact_entering; exact hk | exact hh0].
Qed.

Lemma on_inputs_sound net levels a u c m (x : point) :
  exact_levels net levels x -> on_inputs levels a = Some (u, c, m) -> linear net a x = part m * (dot u x + integer c).
Proof.
  revert net levels u c m. induction a as [|own a IH]; intros net levels u c m hl eq; cbn [on_inputs] in eq.
  { injection eq as <- <- <-. rewrite linear_nil, integer_0. simpl. ring. }
  destruct levels as [|[k fs] levels]; [easy|]. apply bind_some in eq. destruct eq as [[[u' c'] m'] [hrest eq]].
  assert (hk : exact k fs (returned net x) x)
    by (destruct (exact_head _ _ _ hl) as [k0 [fs0 [ls0 [e2 hk]]]]; injection e2 as <- <- <-; exact hk).
  assert (hr : match net with [] => 0 | _ :: before => linear before a x end = part m' * (dot u' x + integer c')).
  { destruct net as [|l before].
    - destruct levels as [|? ?]; [|now destruct hl]. destruct a as [|? ?]; [|easy]. injection hrest as <- <- <-. rewrite integer_0. simpl. ring.
    - apply (IH before levels u' c' m'); [apply hl | exact hrest]. }
  rewrite linear_cons, hr. destruct own as [|o0 own]; [injection eq as <- <- <-; simpl; ring|].
  apply bind_some in eq. destruct eq as [[ga gb] [hg eq]]. apply same_triple in eq. destruct eq as [<- [<- <-]].
  apply (of_known_sound k fs (returned net x) x) in hg; [|exact hk].
  rewrite !dot_added, integer_add, !integer_mul, part_mul. cbn [fst snd].
  transitivity (part m' * integer (Zpos m') * (part k * (dot ga x + integer gb)) + part k * integer (Zpos k) * (part m' * (dot u' x + integer c'))).
  - rewrite !part_integer, hg, integer_0. simpl. ring.
  - simpl. ring.
Qed.

Lemma relation_holds_part k rel (v : K F) : relation_holds rel (part k * v) <-> relation_holds rel v.
Proof.
  destruct rel; simpl; rewrite ?part_le_0, ?part_eq_0; reflexivity.
Qed.

Lemma row_on_inputs_sound net levels f upper v rel r (x : point) :
  row_on_inputs levels f upper v rel = Some r -> exact_levels net levels x ->
  (row_holds x r <-> relation_holds rel (if upper : bool then value net f x - rational v else rational v - value net f x)).
Proof.
  unfold row_on_inputs. intros eq hl. apply bind_some in eq. destruct eq as [[[a b] k] [ha eq]]. apply same_some in eq. subst r.
  apply (on_inputs_sound net _ _ _ _ _ x hl) in ha. unfold row_holds.
  rewrite <- (relation_holds_part (Qden v * (k * divisor f))).
  match goal with |- relation_holds _ ?u <-> relation_holds _ ?w => replace u with w; [reflexivity|] end.
  unfold value. rewrite ha, of_Q_parts, dot_added, !integer_mul, !part_mul. unfold Z.sub. rewrite integer_add, integer_opp, !integer_mul, integer_add, integer_mul.
  simpl dot. change (Zpos (k * divisor f)) with (Z.mul (Zpos k) (Zpos (divisor f))). rewrite integer_mul.
  set (V := integer (Zpos (Qden v)) : K F). set (D := integer (Zpos (divisor f)) : K F). set (M := integer (Zpos k) : K F).
  assert (hv : part (Qden v) * V = 1) by apply part_integer. assert (hd : part (divisor f) * D = 1) by apply part_integer.
  assert (hm : part k * M = 1) by apply part_integer.
  assert (main : part (Qden v) * (part k * part (divisor f)) * (V * (dot a x + (integer b + M * integer (constant f))) - integer (Qnum v) * (M * D))
    = part (divisor f) * (part k * (dot a x + integer b) + integer (constant f)) - integer (Qnum v) * part (Qden v)).
  { transitivity (part (Qden v) * V * part (divisor f) * (part k * (dot a x + integer b) + part k * M * integer (constant f))
      - integer (Qnum v) * part (Qden v) * (part k * M) * (part (divisor f) * D)); [ring | rewrite hv, hm, hd; ring]. }
  destruct upper.
  - rewrite integer_1, <- main. ring.
  - change (-1)%Z with (Z.opp 1). rewrite integer_opp, integer_1.
    transitivity (- (part (Qden v) * (part k * part (divisor f)) * (V * (dot a x + (integer b + M * integer (constant f))) - integer (Qnum v) * (M * D))));
      [rewrite main; ring | ring].
Qed.

Lemma collected_spec {A B} (f : A -> option B) l bs : collected f l = Some bs -> Forall2 (fun a b => f a = Some b) l bs.
Proof.
  revert bs. induction l as [|a l IH]; intros bs h; cbn [collected] in h; [injection h as <-; constructor|].
  apply bind_some in h. destruct h as [b [hb h]]. apply bind_some in h. destruct h as [bs' [hbs h]]. injection h as <-.
  constructor; auto.
Qed.

(** ** Leaves *)

Variable q : question.
Variable target : list condition.

Definition cut_holds (x : point) (c : cut) : Prop :=
  let '(r, upper, v) := c in
  forall f, row_of q [] r = Some f ->
    if upper : bool then value (network q) f x <= rational v else rational v <= value (network q) f x.

Lemma le_minus (a b : K F) : a <= b <-> a - b <= 0.
Proof.
  split; intros h.
  - apply le_difference. replace (0 - (a - b)) with (b - a) by ring. now apply difference_le.
  - apply le_difference. apply difference_le in h. replace (0 - (a - b)) with (b - a) in h by ring. exact h.
Qed.

Lemma cut_row_sound levels c r (x : point) :
  cut_row q levels c = Some r -> exact_levels (network q) levels x -> (row_holds x r <-> cut_holds x c).
Proof.
  destruct c as [[n upper] v]. unfold cut_row, cut_holds. intros h hl. apply bind_some in h. destruct h as [f [hf h]].
  rewrite (row_on_inputs_sound _ _ _ _ _ _ _ x h hl). simpl. split.
  - intros hh f' hf'. rewrite hf in hf'. injection hf' as <-. destruct upper; now apply le_minus.
  - intros hh. specialize (hh f hf). destruct upper; now apply -> le_minus.
Qed.

Lemma target_row_sound levels c r (x : point) :
  row_on_inputs levels (excess_of c) true 0 (relates c) = Some r -> exact_levels (network q) levels x ->
  (row_holds x r <-> holds (network q) x c).
Proof.
  intros h hl. rewrite (row_on_inputs_sound _ _ _ _ _ _ _ x h hl), value_excess, of_Q_zero. unfold holds.
  replace (excess (network q) c x - 0) with (excess (network q) c x) by ring. reflexivity.
Qed.

Lemma Forall_transfer {A B} (R : A -> B -> Prop) (P : A -> Prop) (Q : B -> Prop) l m :
  Forall2 R l m -> (forall a b, R a b -> (P a <-> Q b)) -> (Forall P l <-> Forall Q m).
Proof.
  intros h hr. induction h as [|a b l m hab h IH]; [split; constructor|]. rewrite !Forall_cons_iff, IH, (hr a b hab). reflexivity.
Qed.

Lemma piece_rows everywhere here path a p :
  piece_of q target everywhere here path a = Some p ->
  exists levels signs splits rows,
    forward (inputs q) (network q) (of_neurons everywhere) (of_neurons here) = (levels, signs)
    /\ collected (cut_row q levels) path = Some splits
    /\ collected (fun c => row_on_inputs levels (excess_of c) true 0 (relates c)) target = Some rows
    /\ polyhedron p = splits ++ signs ++ rows.
Proof.
  unfold piece_of. destruct (forward _ _ _ _) as [levels signs] eqn:e. intros h. apply bind_some in h. destruct h as [splits [hs h]].
  apply bind_some in h. destruct h as [rows [hr h]]. exists levels, signs, splits, rows. repeat split; auto.
  destruct a; [|destruct (is_inside _ _ _ _ _ _ _ _)|]; try easy; now injection h as <-.
Qed.

(** Inside the polyhedron the target is hit, and the splits of the path hold. *)
Lemma piece_hits everywhere here path a p (x : point) :
  piece_of q target everywhere here path a = Some p -> length x = inputs q ->
  neurons_within (network q) (of_neurons everywhere) x -> inside x (polyhedron p) ->
  hits q x target /\ Forall (cut_holds x) path.
Proof.
  intros h hx he hi. destruct (piece_rows _ _ _ _ _ h) as [levels [signs [splits [rows [hf [hs [hr hp]]]]]]].
  unfold inside in hi. rewrite hp, !Forall_app in hi. destruct hi as [hi1 [hi2 hi3]].
  assert (hl := forward_exact _ _ _ _ _ _ x hf hx he hi2). apply collected_spec in hs. apply collected_spec in hr. split.
  - apply (Forall_transfer _ (holds (network q) x) (row_holds x) _ _ hr); [|exact hi3].
    intros c r hc. symmetry. now apply target_row_sound with levels.
  - apply (Forall_transfer _ (cut_holds x) (row_holds x) _ _ hs); [|exact hi1].
    intros c r hc. symmetry. now apply cut_row_sound with levels.
Qed.

(** What hits the target on a leaf is inside its polyhedron. *)
Lemma piece_covers everywhere here path a p (x : point) :
  piece_of q target everywhere here path a = Some p -> length x = inputs q ->
  neurons_within (network q) (of_neurons everywhere) x -> neurons_within (network q) (of_neurons here) x ->
  Forall (cut_holds x) path -> hits q x target -> inside x (polyhedron p).
Proof.
  intros h hx he hh hc ht. destruct (piece_rows _ _ _ _ _ h) as [levels [signs [splits [rows [hf [hs [hr hp]]]]]]].
  unfold inside. rewrite hp, !Forall_app. assert (hi2 := forward_rows _ _ _ _ _ _ x hf hx he hh).
  assert (hl := forward_exact _ _ _ _ _ _ x hf hx he hi2). apply collected_spec in hs. apply collected_spec in hr.
  split; [|split; [exact hi2|]].
  - apply (Forall_transfer _ (cut_holds x) (row_holds x) _ _ hs); [|exact hc].
    intros c r hcr. symmetry. now apply cut_row_sound with levels.
  - apply (Forall_transfer _ (holds (network q) x) (row_holds x) _ _ hr); [|exact ht].
    intros c r hcr. symmetry. now apply target_row_sound with levels.
Qed.

(** ** Trees *)

Definition inside_piece (x : point) (p : piece) : Prop := inside x (polyhedron p).

Lemma valid_cut e x r f upper v :
  valid q e x -> row_of q [] r = Some f -> cut_holds x (r, upper, v) -> valid q (with_end e r upper v) x.
Proof. intros he hr hc. apply valid_with_end with f; auto. apply (hc f hr). Qed.

Lemma pieces_cover of_regions everywhere e path t ps (x : point) :
  pieces q target of_regions everywhere e path t = Some ps -> in_domain q x -> valid q everywhere x ->
  valid q e x -> Forall (cut_holds x) path -> hits q x target -> Exists (inside_piece x) ps.
Proof.
  revert e path ps. induction t as [cs a | cs r v low IHlow high IHhigh]; intros e path ps h hd hev he hp ht; cbn [pieces] in h.
  - apply bind_some in h. destruct h as [here [hc h]]. assert (hh := all_claimed_sound _ _ _ _ x hc hd he).
    assert (leaf : forall a', (if of_regions && negb (is_region q everywhere here) then None
        else match piece_of q target everywhere here path a' with Some p => Some [p] | None => None end) = Some ps ->
        Exists (inside_piece x) ps).
    { intros a' h'. destruct (of_regions && negb (is_region q everywhere here)); [easy|].
      apply bind_some in h'. destruct h' as [p [hpc h']]. injection h' as <-. apply Exists_cons_hd.
      eapply piece_covers; eauto using (valid_neurons q []). apply hd. }
    destruct a as [p | y d | ]; [|exact (leaf _ h) | exact (leaf _ h)].
    apply bind_some in h. destruct h as [w [hw h]]. exfalso.
    apply (nothing_sound q target here p w x hw); auto.
    destruct (0 <? Qnum w)%Z; [now left|]. right. match type of h with (if ?b then _ else _) = _ => destruct b; easy end.
  - apply bind_some in h. destruct h as [e' [hc h]]. apply bind_some in h. destruct h as [f [hf h]].
    apply bind_some in h. destruct h as [one [h1 h]]. apply bind_some in h. destruct h as [two [h2 h]]. injection h as <-.
    assert (hh := all_claimed_sound _ _ _ _ x hc hd he). apply Exists_app.
    destruct (le_total F (value (network q) f x) (rational v)) as [hv|hv]; [left | right].
    + assert (hcut : cut_holds x (r, true, v)) by (intros f' hf'; rewrite hf in hf'; injection hf' as <-; exact hv).
      apply (IHlow _ _ _ h1 hd hev); auto. now apply valid_cut with f.
    + assert (hcut : cut_holds x (r, false, v)) by (intros f' hf'; rewrite hf in hf'; injection hf' as <-; exact hv).
      apply (IHhigh _ _ _ h2 hd hev); auto. now apply valid_cut with f.
Qed.

Lemma pieces_hit of_regions everywhere e path t ps :
  pieces q target of_regions everywhere e path t = Some ps ->
  Forall (fun p => forall x : point, in_domain q x -> valid q everywhere x -> inside_piece x p ->
    hits q x target /\ Forall (cut_holds x) path) ps.
Proof.
  revert e path ps. induction t as [cs a | cs r v low IHlow high IHhigh]; intros e path ps h; cbn [pieces] in h.
  - apply bind_some in h. destruct h as [here [hc h]].
    assert (leaf : forall a', (if of_regions && negb (is_region q everywhere here) then None
        else match piece_of q target everywhere here path a' with Some p => Some [p] | None => None end) = Some ps ->
        Forall (fun p => forall x : point, in_domain q x -> valid q everywhere x -> inside_piece x p ->
          hits q x target /\ Forall (cut_holds x) path) ps).
    { intros a' h'. destruct (of_regions && negb (is_region q everywhere here)); [easy|].
      apply bind_some in h'. destruct h' as [p [hpc h']]. injection h' as <-. constructor; [|constructor].
      intros x hd hev hi. eapply piece_hits; eauto using (valid_neurons q []). apply hd. }
    destruct a as [p | y d | ]; [|exact (leaf _ h) | exact (leaf _ h)].
    apply bind_some in h. destruct h as [w [hw h]]. destruct (0 <? Qnum w)%Z; [injection h as <-; constructor|].
    match type of h with (if ?b then _ else _) = _ => destruct b; [injection h as <-; constructor | easy] end.
  - apply bind_some in h. destruct h as [e' [hc h]]. apply bind_some in h. destruct h as [f [hf h]].
    apply bind_some in h. destruct h as [one [h1 h]]. apply bind_some in h. destruct h as [two [h2 h]]. injection h as <-.
    apply Forall_app. split; [apply IHlow in h1 | apply IHhigh in h2]; eapply Forall_impl; try eassumption;
      intros p hp x hd hev hi; destruct (hp x hd hev hi) as [hits' cuts]; split; auto; now apply Forall_inv_tail in cuts.
Qed.

End Trees.
