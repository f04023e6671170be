(** * Claims, leaves and trees: what the checker makes of them is true *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Checker Soundness.

Lemma bind_some {A B} (o : option A) (f : A -> option B) b :
  match o with Some a => f a | None => None end = Some b -> exists a, o = Some a /\ f a = Some b.
Proof. destruct o as [a|]; [now exists a | easy]. Qed.

Lemma skipn_next {A} d (l : list A) a rest : skipn d l = a :: rest -> skipn (S d) l = rest.
Proof.
  revert l. induction d as [|d IH]; intros [|a0 l] h; try easy; [now injection h | exact (IH l h)].
Qed.

Section Leaves.
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

(** ** What is known is true *)

Section OfATarget.
Variable target : list condition.

(** What is known of rows holds at a point. *)
Definition valid (e : ends) (x : point) : Prop :=
  length (of_inputs e) = length x
  /\ forall r f, row_of q [] r = Some f -> within (ends_of e r) (value (network q) f x).

Lemma valid_with_end e x r f upper v :
  valid e x -> row_of q [] r = Some f ->
  (if upper : bool then value (network q) f x <= rational v else rational v <= value (network q) f x) ->
  valid (with_end e r upper v) x.
Proof.
  intros [hl he] hr hv. split; [destruct r; simpl; rewrite ?length_changed; exact hl|].
  intros r' f' hr'. assert (h := he r' f' hr'). destruct r, r'; simpl; try exact h.
  - destruct (nth_changed j (improved upper v) (of_inputs e) j0 unknown) as [eq|[-> eq]]; rewrite eq; [exact h|].
    rewrite hr in hr'. injection hr' as <-. now apply within_improved.
  - destruct (nth_changed d (changed i (improved upper v)) (of_neurons e) d0 []) as [eq|[-> eq]]; rewrite eq; [exact h|].
    destruct (nth_changed i (improved upper v) (nth d (of_neurons e) []) i0 unknown) as [eq'|[-> eq']]; rewrite eq'; [exact h|].
    rewrite hr in hr'. injection hr' as <-. now apply within_improved.
Qed.

Lemma value_of_input j f (x : point) : row_of q target (X j) = Some f -> value (network q) f x = nth j x 0.
Proof.
  simpl. destruct (j <? inputs q)%nat; [|easy]. intros h. injection h as <-.
  rewrite value_below, skipn_all by lia. unfold value. simpl. rewrite dot_unit, part_1, integer_0. ring.
Qed.

Lemma value_of_neuron d i f (x : point) :
  row_of q target (N d i) = Some f ->
  exists l before, skipn d (network q) = l :: before
    /\ nth_error (entering l (returned before x)) i = Some (value (network q) f x).
Proof.
  simpl. destruct (skipn d (network q)) as [|l before] eqn:hd; [easy|]. intros h. apply bind_some in h.
  destruct h as [[w b] [hn h]]. exists l, before. split; [reflexivity|].
  assert (hlt : (d < length (network q))%nat).
  { assert (h' := skipn_length d (network q)). rewrite hd in h'. simpl in h'. lia. }
  change ((repeat [] (S d))) with ([] :: repeat (@nil Z) d) in h. injection h as <-.
  unfold entering. rewrite (map_nth_error _ _ _ hn). f_equal.
  change (below (S d) (Affine [fst (w, b)] (snd (w, b)) (denominator l))) with (below (S d) (Affine [w] b (denominator l))).
  assert (hs : skipn (S d) (network q) = before) by now apply skipn_next with l.
  transitivity (value (network q) (below (S d) (Affine [w] b (denominator l))) x); [|reflexivity].
  rewrite value_below by lia. rewrite hs. unfold value. cbn [terms constant divisor]. rewrite linear_cons.
  destruct before; rewrite ?linear_nil; ring.
Qed.

Lemma row_of_neuron d i l before w b :
  skipn d (network q) = l :: before -> nth_error (neurons l) i = Some (w, b) ->
  row_of q target (N d i) = Some (below (S d) (Affine [w] b (denominator l))).
Proof. intros hd hn. simpl. now rewrite hd, hn. Qed.

Lemma value_of_domain i f c (x : point) :
  row_of q target (D i) = Some f -> nth_error (domain q) i = Some c -> value (network q) f x = excess [] c x.
Proof.
  simpl. intros h hc. rewrite hc in h. injection h as <-. rewrite value_below, skipn_all by lia. apply value_excess.
Qed.

Lemma value_of_target i f c (x : point) :
  row_of q target (T i) = Some f -> nth_error target i = Some c -> value (network q) f x = excess (network q) c x.
Proof. simpl. intros h hc. rewrite hc in h. injection h as <-. apply value_excess. Qed.

Lemma valid_neurons e x : valid e x -> neurons_within (network q) (of_neurons e) x.
Proof.
  intros [_ he].
  assert (h : forall d l before i v, skipn d (network q) = l :: before ->
    nth_error (entering l (returned before x)) i = Some v -> within (nth i (nth d (of_neurons e) []) unknown) v).
  { intros d l before i v hd hv. destruct (nth_error (neurons l) i) as [[w b]|] eqn:hn.
    - assert (hr := row_of_neuron d i l before w b hd hn).
      assert (h := he (N d i) _ (hr : row_of q [] (N d i) = Some _)). simpl in h.
      destruct (value_of_neuron d i _ x hr) as [l' [before' [hd' hv']]]. rewrite hd in hd'. injection hd' as <- <-.
      rewrite hv in hv'. injection hv' as ->. exact h.
    - apply nth_error_None in hn. rewrite <- (length_entering l (returned before x)) in hn. apply nth_error_None in hn. congruence. }
  clear he. revert h. generalize (network q), (of_neurons e).
  induction l as [|l0 net IH]; intros en h; [exact I|]. split.
  - apply all_within_nth. intros i v hv. assert (h' := h O l0 net i v eq_refl hv). destruct en; exact h'.
  - apply IH. intros d l before i v hd hv. assert (h' := h (S d) l before i v hd hv). destruct en; [|exact h'].
    simpl. simpl in h'. destruct d, i; exact h'.
Qed.

Lemma valid_inputs e x : length x = inputs q -> valid e x -> all_within (of_inputs e) x.
Proof.
  intros hx [_ he]. apply all_within_nth. intros j v hv.
  assert (hj : (j < inputs q)%nat) by (rewrite <- hx; apply nth_error_Some; congruence).
  assert (hr : exists f, row_of q target (X j) = Some f).
  { simpl. apply Nat.ltb_lt in hj. rewrite hj. eauto. }
  destruct hr as [f hr]. assert (h := he (X j) f (hr : row_of q [] (X j) = Some f)). rewrite (value_of_input j f x hr) in h. simpl in h.
  rewrite (nth_error_nth _ _ 0 hv) in h. exact h.
Qed.

(** ** Bounds *)

(** Where the target is hit, or the proof does not need it. *)
Definition hit (x : point) : Prop := forall i c, nth_error target i = Some c -> holds (network q) x c.

Lemma value_of_condition r f c (x : point) :
  row_of q target r = Some f -> condition_of q target r = Some c -> in_domain q x -> hit x ->
  relation_holds (relates c) (value (network q) f x).
Proof.
  intros hr hc [_ hd] ht. destruct r as [j|d i|i|i]; try easy; cbn [condition_of] in hc.
  - rewrite (value_of_domain _ _ _ x hr hc). rewrite Forall_forall in hd. apply hd. eapply nth_error_In. exact hc.
  - rewrite (value_of_target _ _ _ x hr hc). exact (ht i c hc).
Qed.

Lemma times_nonpositive e r s v f (x : point) :
  row_of q target r = Some f -> bound_for q target e r s = Some v -> in_domain q x -> hit x -> valid e x ->
  rational s * (value (network q) f x - rational v) <= 0.
Proof.
  intros hr hb hd ht [_ he]. unfold bound_for in hb. destruct (condition_of q target r) as [c|] eqn:hc.
  - assert (h := value_of_condition r f c x hr hc hd ht). destruct (relates c).
    1, 2: destruct (at_most 0 s) eqn:hs; [|easy]; injection hb as <-; apply (at_least_0 (F := F)) in hs; rewrite of_Q_zero;
      replace (0 : K F) with (rational s * 0) by ring; replace (value (network q) f x - rational s * 0) with (value (network q) f x) by ring.
    + apply le_mul; [exact hs | apply h].
    + apply le_mul; [exact hs | exact h].
    + injection hb as <-. simpl in h. rewrite h, of_Q_zero. replace (rational s * (0 - 0)) with (0 : K F) by ring. apply le_refl.
  - assert (hr' : row_of q [] r = Some f) by (destruct r as [j|d i|i|i]; try exact hr; simpl in hr, hc; rewrite hc in hr; easy).
    destruct (he r f hr') as [hl hu]. destruct (at_most s 0) eqn:hs.
    + rewrite hb in hl. apply (at_most_0 (F := F)) in hs. replace (0 : K F) with (rational s * (rational v - rational v)) by ring.
      apply le_mul_neg; [exact hs|]. apply le_difference.
      match goal with |- 0 <= ?a => replace a with (value (network q) f x - rational v) by ring end. now apply difference_le.
    + rewrite hb in hu. apply (not_at_most_0 (F := F)) in hs. replace (0 : K F) with (rational s * (rational v - rational v)) by ring.
      apply le_mul; [exact hs|]. apply le_difference.
      match goal with |- 0 <= ?a => replace a with (rational v - value (network q) f x) by ring end. now apply difference_le.
Qed.

Lemma with_factors_sound e fs f total f' total' (x : point) :
  with_factors q target e fs f total = Some (f', total') -> in_domain q x -> hit x -> valid e x ->
  value (network q) f' x + rational total' <= value (network q) f x + rational total.
Proof.
  intros h hd ht he. revert f total h. induction fs as [|[r s] fs IH]; intros f total h; cbn [with_factors] in h.
  { injection h as <- <-. apply le_refl. }
  apply bind_some in h. destruct h as [g [hg h]]. apply bind_some in h. destruct h as [v [hv h]].
  apply IH in h. eapply le_trans; [exact h|]. rewrite value_sum, rational_minus, rational_times.
  assert (h' := times_nonpositive e r s v g x hg hv hd ht he).
  replace (value (network q) f x + rational s * value (network q) g x + (rational total - rational s * rational v))
    with (value (network q) f x + rational total + rational s * (value (network q) g x - rational v)) by ring.
  replace (value (network q) f x + rational total) with (value (network q) f x + rational total + 0) at 2 by ring.
  apply le_add; [apply le_refl | exact h'].
Qed.

Lemma product_zero (s : Q) (w : K F) : (Qnum s <> 0)%Z -> rational s * w = 0 -> w = 0.
Proof.
  intros hs h. assert (hi : rational (Qinv s) * rational s = 1).
  { rewrite <- of_Q_mul, <- of_Q_one. apply of_Q_eq. rewrite Qmult_comm. apply Qmult_inv_r.
    intros e. apply hs. unfold Qeq in e. simpl in e. lia. }
  transitivity (rational (Qinv s) * rational s * w); [rewrite hi; ring|].
  transitivity (rational (Qinv s) * (rational s * w)); [ring | rewrite h; ring].
Qed.

Lemma with_factors_strict e fs f total f' total' (x : point) :
  with_factors q target e fs f total = Some (f', total') -> in_domain q x -> hit x -> valid e x ->
  existsb (fun '(r, s) => (0 <? Qnum s)%Z && is_strict q target r) fs = true ->
  value (network q) f' x + rational total' <> value (network q) f x + rational total.
Proof.
  intros h hd ht he. revert f total h. induction fs as [|[r s] fs IH]; intros f total h hex eq; [easy|]. cbn [with_factors] in h.
  apply bind_some in h. destruct h as [g [hg h]]. apply bind_some in h. destruct h as [v [hv h]].
  assert (h1 := times_nonpositive e r s v g x hg hv hd ht he).
  assert (h2 := with_factors_sound _ _ _ _ _ _ x h hd ht he).
  rewrite value_sum, rational_minus, rational_times in h2.
  assert (h3 : 0 <= rational s * (value (network q) g x - rational v)).
  { rewrite eq in h2. apply difference_le in h2.
    match type of h2 with 0 <= ?a => replace (rational s * (value (network q) g x - rational v)) with a by ring end. exact h2. }
  assert (h0 := le_antisym F _ _ h1 h3). cbn [existsb] in hex. apply orb_true_iff in hex. destruct hex as [hex|hex].
  - apply andb_true_iff in hex. destruct hex as [hpos hstrict]. apply Z.ltb_lt in hpos. apply product_zero in h0; [|lia].
    unfold is_strict in hstrict. destruct (condition_of q target r) as [c|] eqn:hc; [|easy].
    assert (hh := value_of_condition r g c x hg hc hd ht). unfold bound_for in hv. rewrite hc in hv.
    destruct c as [o a b rel]. destruct rel; try easy. simpl in hv, hh. destruct (at_most 0 s); [|easy]. injection hv as <-.
    apply (proj2 hh). rewrite of_Q_zero in h0. transitivity (value (network q) g x - 0); [ring | exact h0].
  - apply (IH _ _ h hex). rewrite value_sum, rational_minus, rational_times, eq.
    match goal with |- _ = ?a =>
      replace a with (value (network q) f x + rational total + rational s * (value (network q) g x - rational v)) by ring end.
    rewrite h0. ring.
Qed.

(** The end of a proof: what the last steps make of the form that goes back. *)
Lemma back_and_lowest e k above total a slopes k' c total' r (x : point) :
  back k 1 above total (network q) (of_neurons e) slopes a = Some (k', c, total') -> lowest c (of_inputs e) = Some r ->
  length x = inputs q -> valid e x ->
  rational (plus total' (reduced (Qnum r) (Qden r * k')))
    <= part k * (dot above (returned (network q) x) + linear (network q) a x) + rational total.
Proof.
  intros hb hl hx he. apply back_sound with (x := x) in hb; [|now apply valid_neurons].
  apply lowest_sound with (x := x) in hl; [|exact (proj1 he) | now apply valid_inputs].
  rewrite rational_plus, rational_reduced, part_mul. rewrite integer_1 in hb.
  replace (1 * linear (network q) a x) with (linear (network q) a x) in hb by ring.
  eapply le_trans; [|exact hb].
  replace (rational total' + part (Qden r) * part k' * integer (Qnum r)) with (part k' * (integer (Qnum r) * part (Qden r)) + rational total') by ring.
  rewrite <- of_Q_parts. apply le_add; [|apply le_refl]. apply le_mul; [apply part_nonneg | exact hl].
Qed.

Lemma least_sound e p f v (x : point) :
  least q target e p f = Some v -> in_domain q x -> hit x -> valid e x -> rational v <= value (network q) f x.
Proof.
  unfold least. intros h hd ht he. apply bind_some in h. destruct h as [[f' total] [hs h]].
  apply bind_some in h. destruct h as [[[k c] total'] [hb h]]. apply bind_some in h. destruct h as [r [hl h]]. injection h as <-.
  apply with_factors_sound with (x := x) in hs; try assumption. rewrite of_Q_zero in hs.
  replace (value (network q) f x) with (value (network q) f x + 0) by ring. eapply le_trans; [|exact hs].
  eapply le_trans; [exact (back_and_lowest _ _ _ _ _ _ _ _ _ _ x hb hl (proj1 hd) he)|].
  rewrite rational_plus, rational_reduced. unfold value. simpl dot.
  match goal with |- ?a <= ?b => replace a with b by ring end. apply le_refl.
Qed.

Lemma least_strict e p f v (x : point) :
  least q target e p f = Some v -> in_domain q x -> hit x -> valid e x ->
  existsb (fun '(r, s) => (0 <? Qnum s)%Z && is_strict q target r) (factors p) = true ->
  rational v <> value (network q) f x.
Proof.
  unfold least. intros h hd ht he hex eq. apply bind_some in h. destruct h as [[f' total] [hs h]].
  apply bind_some in h. destruct h as [[[k c] total'] [hb h]]. apply bind_some in h. destruct h as [r [hl h]]. injection h as <-.
  apply (with_factors_strict _ _ _ _ _ _ x hs hd ht he hex). apply le_antisym; [now apply with_factors_sound with e (factors p)|].
  rewrite of_Q_zero, <- eq.
  match goal with |- ?a + 0 <= _ => replace (a + 0) with a by ring end.
  eapply le_trans; [exact (back_and_lowest _ _ _ _ _ _ _ _ _ _ x hb hl (proj1 hd) he)|].
  rewrite rational_plus, rational_reduced. unfold value. simpl dot.
  match goal with |- ?a <= ?b => replace a with b by ring end. apply le_refl.
Qed.

(** A leaf that is said to have nothing has no point of the preimage. *)
Lemma nothing_sound here p v (x : point) :
  least q target here p nowhere = Some v ->
  (0 <? Qnum v)%Z = true \/
    (Qnum v =? 0)%Z && existsb (fun '(r, s) => (0 <? Qnum s)%Z && is_strict q target r) (factors p) = true ->
  in_domain q x -> valid here x -> ~ hits q x target.
Proof.
  intros h hv hd he ht'. assert (ht : hit x).
  { intros i c hc. unfold hits in ht'. rewrite Forall_forall in ht'. apply ht'. eapply nth_error_In. exact hc. }
  assert (hb := least_sound _ _ _ _ x h hd ht he). rewrite value_nowhere in hb. destruct hv as [hv|hv].
  - apply Z.ltb_lt in hv. rewrite <- of_Q_zero in hb. apply of_Q_le in hb. unfold Qle in hb. simpl in hb. lia.
  - apply andb_true_iff in hv. destruct hv as [hz hs]. apply Z.eqb_eq in hz.
    apply (least_strict _ _ _ _ x h hd ht he hs). rewrite value_nowhere, of_Q_parts, hz, integer_0. ring.
Qed.

End OfATarget.

Lemma claimed_sound e c e' (x : point) : claimed q e c = Some e' -> in_domain q x -> valid e x -> valid e' x.
Proof.
  unfold claimed. intros h hd he. apply bind_some in h. destruct h as [f [hr h]]. apply bind_some in h. destruct h as [v [hv h]].
  injection h as <-. apply least_sound with (x := x) in hv; [| exact hd | now intros [|i] c' | exact he].
  apply valid_with_end with f; [exact he | exact hr|]. assert (h := rounded_le (F := F) v). destruct (is_upper c).
  - rewrite value_negated in hv. rewrite of_Q_opp. replace (value (network q) f x) with (- - value (network q) f x) by ring.
    apply le_opp. now apply le_trans with (rational v).
  - now apply le_trans with (rational v).
Qed.

Lemma all_claimed_sound cs e e' (x : point) : all_claimed q e cs = Some e' -> in_domain q x -> valid e x -> valid e' x.
Proof.
  revert e. induction cs as [|c cs IH]; intros e h hd he; simpl in h; [injection h as <-; exact he|].
  apply bind_some in h. destruct h as [e1 [hc h]]. apply IH with e1; auto. eapply claimed_sound; eauto.
Qed.

End Leaves.
