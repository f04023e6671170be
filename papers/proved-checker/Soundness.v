(** * Why what the checker accepts is true, step by step *)

From Coq Require Import Ring.
From Proved Require Import Numbers Question Checker.

Section Soundness.
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

(** ** Rational numbers *)

Lemma reduced_eq n d : (reduced n d == n # d)%Q.
Proof.
  unfold reduced, Qeq. simpl. set (g := Z.gcd n (Zpos d)).
  assert (hg : (0 < g)%Z).
  { assert (h := Z.gcd_nonneg n (Zpos d)). assert (g <> 0)%Z by (intros e; apply Z.gcd_eq_0_r in e; lia). fold g in h. lia. }
  destruct (Z.gcd_divide_l n (Zpos d)) as [n' hn]. destruct (Z.gcd_divide_r n (Zpos d)) as [d' hd]. fold g in hn, hd.
  assert (hd' : (0 < d')%Z) by nia.
  rewrite hd at 1 2. rewrite hn at 1 2. rewrite !Z.div_mul by lia. rewrite Z2Pos.id by lia. ring.
Qed.

Lemma rational_reduced n d : rational (reduced n d) = part d * integer n.
Proof. rewrite (of_Q_eq _ _ (reduced_eq n d)), of_Q_parts. simpl. ring. Qed.

Lemma rational_plus a b : rational (plus a b) = rational a + rational b.
Proof. rewrite <- of_Q_add. apply of_Q_eq. apply reduced_eq. Qed.

Lemma rational_times a b : rational (times a b) = rational a * rational b.
Proof. rewrite <- of_Q_mul. apply of_Q_eq. apply reduced_eq. Qed.

Lemma rational_minus a b : rational (minus a b) = rational a - rational b.
Proof. unfold minus. rewrite rational_plus, of_Q_opp. ring. Qed.

Lemma rational_integer n : rational (n # 1) = integer n.
Proof. reflexivity. Qed.

Lemma at_most_le a b : at_most a b = true -> rational a <= rational b.
Proof. intros h. apply of_Q_le. apply Z.leb_le in h. exact h. Qed.

Lemma at_most_0 a : at_most a 0 = true -> rational a <= 0.
Proof. intros h. rewrite <- of_Q_zero. now apply at_most_le. Qed.
Lemma at_least_0 a : at_most 0 a = true -> 0 <= rational a.
Proof. intros h. rewrite <- of_Q_zero. now apply at_most_le. Qed.
Lemma not_at_most_0 a : at_most a 0 = false -> 0 <= rational a.
Proof. unfold at_most. simpl. intros h. apply Z.leb_gt in h. apply of_Q_nonneg. unfold Qle. simpl. lia. Qed.

Lemma rounded_le q : rational (rounded q) <= rational q.
Proof.
  unfold rounded. match goal with |- context [if at_most ?r q then _ else _] => destruct (at_most r q) eqn:e end.
  - now apply at_most_le.
  - apply le_refl.
Qed.

Lemma part_divided a c : (Zpos a | Zpos c)%Z -> integer (Zpos c / Zpos a) * part c = part a :> K F.
Proof.
  intros [n hn]. rewrite hn, Z.div_mul by lia.
  transitivity (integer n * part c * (part a * integer (Zpos a)) : K F); [rewrite part_integer; ring|].
  transitivity (part c * integer (n * Zpos a) * part a : K F); [rewrite integer_mul; ring|].
  rewrite <- hn, part_integer. ring.
Qed.

Lemma common_spec a b : Zpos (common a b) = Z.lcm (Zpos a) (Zpos b).
Proof.
  unfold common. apply Z2Pos.id. assert (h := Z.lcm_nonneg (Zpos a) (Zpos b)).
  assert (Z.lcm (Zpos a) (Zpos b) <> 0)%Z by (rewrite Z.lcm_eq_0; lia). lia.
Qed.
Lemma common_left a b : (Zpos a | Zpos (common a b))%Z.
Proof. rewrite common_spec. apply Z.divide_lcm_l. Qed.
Lemma common_right a b : (Zpos b | Zpos (common a b))%Z.
Proof. rewrite common_spec. apply Z.divide_lcm_r. Qed.

(** ** Linear forms *)

Lemma dot_nil_r (a : list Z) : dot a ([] : point) = 0.
Proof. now destruct a. Qed.

Lemma dot_added m u v (x : point) : dot (added m u v) x = integer m * dot u x + dot v x.
Proof.
  revert v x. induction u as [|u0 u IH]; intros v x; [simpl; ring|].
  destruct x as [|x0 x]; [rewrite !dot_nil_r; ring|].
  destruct v as [|v0 v]; simpl; rewrite IH; [|rewrite integer_add]; rewrite integer_mul; simpl; ring.
Qed.

Lemma linear_cons net own a (x : point) :
  linear net (own :: a) x = dot own (returned net x) + match net with [] => 0 | _ :: before => linear before a x end.
Proof. now destruct net. Qed.

Lemma linear_nil net (x : point) : linear net [] x = 0.
Proof. now destruct net. Qed.

Lemma linear_added m u v net (x : point) :
  linear net (added_forms m u v) x = integer m * linear net u x + linear net v x.
Proof.
  revert v net. induction u as [|u0 u IH]; intros v net; [simpl added_forms; rewrite linear_nil; ring|].
  destruct v as [|v0 v]; simpl added_forms; rewrite !linear_cons, dot_added; destruct net as [|l net]; rewrite ?linear_nil;
    try (simpl; ring); rewrite IH, ?linear_nil; simpl; ring.
Qed.

Lemma linear_scaled m u net (x : point) : linear net (scaled m u) x = integer m * linear net u x.
Proof.
  unfold scaled. destruct (Z.eqb_spec m 1) as [->|_]; [rewrite integer_1; ring|].
  rewrite linear_added, linear_nil. ring.
Qed.

Lemma linear_below d u net (x : point) :
  (d <= length net)%nat -> linear net (repeat [] d ++ u) x = linear (skipn d net) u x.
Proof.
  revert net. induction d as [|d IH]; intros net h; [reflexivity|].
  destruct net as [|l net]; simpl in h; [lia|]. change (linear (l :: net) ([] :: (repeat [] d ++ u)) x = linear (skipn d net) u x).
  rewrite linear_cons. simpl dot. rewrite IH by lia. ring.
Qed.

Definition value (net : list layer) (f : affine) (x : point) : K F :=
  part (divisor f) * (linear net (terms f) x + integer (constant f)).

Lemma value_sum net f s g (x : point) : value net (sum f s g) x = value net f x + rational s * value net g x.
Proof.
  unfold value, sum. cbn [terms constant divisor]. set (own := (Qden s * divisor g)%positive). set (all := common (divisor f) own).
  rewrite linear_added, linear_scaled, integer_add, !integer_mul, of_Q_parts.
  rewrite <- (part_divided (divisor f) all (common_left _ _)).
  assert (e : part (Qden s) * part (divisor g) = integer (Zpos all / Zpos own) * part all :> K F)
    by (rewrite (part_divided own all (common_right _ _)); unfold own; now rewrite part_mul).
  transitivity (integer (Zpos all / Zpos (divisor f)) * part all * (linear net (terms f) x + integer (constant f))
    + integer (Qnum s) * (part (Qden s) * part (divisor g)) * (linear net (terms g) x + integer (constant g))); [rewrite e|]; ring.
Qed.

Lemma value_negated net f (x : point) : value net (negated f) x = - value net f x.
Proof.
  unfold value, negated. cbn [terms constant divisor]. rewrite linear_added, linear_nil.
  change (-1)%Z with (- (1))%Z. rewrite !integer_opp, integer_1. ring.
Qed.

Lemma value_nowhere net (x : point) : value net nowhere x = 0.
Proof. unfold value, nowhere. cbn [terms constant divisor]. rewrite linear_nil, integer_0. ring. Qed.

Lemma value_below d net f (x : point) : (d <= length net)%nat -> value net (below d f) x = value (skipn d net) f x.
Proof. intros h. unfold value, below. cbn [terms constant divisor]. now rewrite linear_below. Qed.

Lemma value_excess net c (x : point) : value net (excess_of c) x = excess net c x.
Proof. unfold value, excess_of, excess. cbn [terms constant divisor]. rewrite integer_opp. ring. Qed.

Lemma dot_unit j (x : point) : dot (repeat 0%Z j ++ [1%Z]) x = nth j x 0.
Proof.
  revert x. induction j as [|j IH]; intros [|x0 x]; try reflexivity.
  - simpl. rewrite integer_1. ring.
  - simpl. rewrite IH, integer_0. ring.
Qed.

(** ** Ends *)

Definition within (i : interval) (v : K F) : Prop :=
  match fst i with Some l => rational l <= v | None => True end /\ match snd i with Some u => v <= rational u | None => True end.

Fixpoint all_within (e : list interval) (z : point) : Prop :=
  match e, z with i :: e', v :: z' => within i v /\ all_within e' z' | _, _ => True end.

Fixpoint neurons_within (net : list layer) (e : list (list interval)) (x : point) : Prop :=
  match net with
  | [] => True
  | l :: before => all_within (hd [] e) (entering l (returned before x)) /\ neurons_within before (tl e) x
  end.

Lemma within_unknown v : within unknown v.
Proof. now split. Qed.

Lemma all_within_hd e v z : all_within e (v :: z) -> within (hd unknown e) v /\ all_within (tl e) z.
Proof. destruct e as [|i e]; simpl; [intros _; split; [apply within_unknown | now destruct z]|]. easy. Qed.

Lemma all_within_nth e z : (forall i v, nth_error z i = Some v -> within (nth i e unknown) v) -> all_within e z.
Proof.
  revert z. induction e as [|i e IH]; intros [|v z] h; try exact I. split; [apply (h O v eq_refl)|].
  apply IH. intros n w hn. apply (h (S n) w hn).
Qed.

Lemma nonpositive_le i v : nonpositive i = true -> within i v -> v <= 0.
Proof.
  unfold nonpositive. intros h [_ hu]. destruct (snd i) as [u|]; [|discriminate].
  apply le_trans with (rational u); [exact hu | now apply at_most_0].
Qed.
Lemma nonnegative_le i v : nonnegative i = true -> within i v -> 0 <= v.
Proof.
  unfold nonnegative. intros h [hl _]. destruct (fst i) as [l|]; [|discriminate].
  apply le_trans with (rational l); [now apply at_least_0 | exact hl].
Qed.

Lemma within_improved upper w i v :
  within i v -> (if upper : bool then v <= rational w else rational w <= v) -> within (improved upper w i) v.
Proof.
  intros [hl hu] h. unfold improved. destruct upper; split; simpl; auto.
  - unfold smaller. destruct (snd i) as [u|]; [|exact h]. destruct (at_most u w); assumption.
  - unfold larger. destruct (fst i) as [l|]; [|exact h]. destruct (at_most w l); assumption.
Qed.

Lemma nth_changed {A} n (f : A -> A) l j u :
  nth j (changed n f l) u = nth j l u \/ (j = n /\ nth j (changed n f l) u = f (nth j l u)).
Proof.
  revert n j. induction l as [|a l IH]; intros n j; [left; now destruct n|].
  destruct n as [|n], j as [|j]; simpl; auto. destruct (IH n j) as [h|[h h']]; auto.
Qed.

Lemma length_changed {A} n (f : A -> A) l : length (changed n f l) = length l.
Proof. revert n. induction l as [|a l IH]; intros [|n]; simpl; congruence. Qed.

(** ** Lines of ReLUs *)

Lemma relu_nonneg (z : K F) : 0 <= relu F z.
Proof. destruct (le_total F 0 z) as [h|h]; [now rewrite relu_active | rewrite relu_silent by exact h; apply le_refl]. Qed.

Lemma relu_ge (z : K F) : z <= relu F z.
Proof. destruct (le_total F 0 z) as [h|h]; [rewrite relu_active by exact h; apply le_refl | now rewrite relu_silent]. Qed.

Lemma line_below m (z : K F) : 0 <= m -> m <= 1 -> m * z <= relu F z.
Proof.
  intros h h'. destruct (le_total F 0 z) as [hz|hz].
  - rewrite relu_active by exact hz. replace z with (1 * z) at 2 by ring.
    replace (m * z) with (z * m) by ring. replace (1 * z) with (z * 1) by ring. now apply le_mul.
  - rewrite relu_silent by exact hz. replace 0 with (m * 0) by ring. now apply le_mul.
Qed.

Lemma line_above m t l u (z : K F) :
  0 <= m -> m <= 1 -> - (m * l) <= t -> (1 - m) * u <= t -> l <= z -> z <= u -> relu F z <= m * z + t.
Proof.
  intros hm hm' ht ht' hl hu. destruct (le_total F 0 z) as [hz|hz].
  - rewrite relu_active by exact hz. replace z with (m * z + (1 - m) * z) at 1 by ring. apply le_add; [apply le_refl|].
    apply le_trans with ((1 - m) * u); [|exact ht']. apply le_mul; [now apply difference_le | exact hu].
  - rewrite relu_silent by exact hz. replace 0 with (m * l + - (m * l)) by ring. apply le_add; [now apply le_mul | exact ht].
Qed.

Lemma line_sound rises i slope m t (z : K F) :
  line rises i slope = Some (m, t) -> within i z ->
  if rises then rational m * z + rational t <= relu F z else relu F z <= rational m * z + rational t.
Proof.
  unfold line. intros h hi.
  assert (exactly : rational m * z + rational t = relu F z ->
    if rises then rational m * z + rational t <= relu F z else relu F z <= rational m * z + rational t)
    by (intros e; rewrite e; destruct rises; apply le_refl).
  destruct (nonpositive i) eqn:hn.
  { injection h as <- <-. apply exactly. rewrite relu_silent by (eapply nonpositive_le; eassumption). rewrite of_Q_zero. ring. }
  destruct (nonnegative i) eqn:hp.
  { injection h as <- <-. apply exactly. rewrite relu_active by (eapply nonnegative_le; eassumption).
    rewrite of_Q_zero, of_Q_one. ring. }
  clear exactly hn hp. destruct rises.
  - match type of h with (if at_most 0 ?a && _ then _ else _) = _ => set (m' := a) in h end.
    destruct (at_most 0 m') eqn:h0; [|discriminate]. destruct (at_most m' 1) eqn:h1; [|discriminate].
    injection h as <- <-. rewrite of_Q_zero. replace (rational m' * z + 0) with (rational m' * z) by ring.
    apply line_below; [now apply at_least_0 | rewrite <- of_Q_one; now apply at_most_le].
  - destruct i as [[l|] [u|]]; try discriminate.
    match type of h with context [is_above l u ?a _] => set (m' := a) in h end.
    match type of h with (match ?a with Some _ => _ | None => _ end) = _ => destruct a as [t'|]; [|discriminate] end.
    destruct (is_above l u m' t') eqn:ha; [|discriminate]. unfold is_above in ha. rewrite !andb_true_iff in ha.
    destruct ha as [[[h0 h1] h2] h3].
    injection h as <- <-. destruct hi as [hl hu]. simpl in hl, hu.
    apply at_most_le in h1, h2, h3. rewrite of_Q_one in h1. rewrite of_Q_opp, rational_times in h2.
    rewrite rational_times, rational_minus, of_Q_one in h3.
    apply line_above with (rational l) (rational u); auto. now apply at_least_0.
Qed.

Fixpoint along (c : list Z) (ms : list (Q * Q)) (z : point) : K F :=
  match c, ms, z with c0 :: c', (m, _) :: ms', z0 :: z' => integer c0 * (rational m * z0) + along c' ms' z' | _, _, _ => 0 end.

Lemma raised_cons c0 c m t ms : rational (raised (c0 :: c) ((m, t) :: ms)) = integer c0 * rational t + rational (raised c ms).
Proof.
  simpl. destruct (Z.eqb_spec (Qnum t) 0) as [e|_].
  - rewrite (of_Q_parts t), e, integer_0. ring.
  - rewrite rational_plus, rational_times, rational_integer. reflexivity.
Qed.

Lemma lines_sound rows c on e slopes ms (z : point) :
  lines rows c on e slopes = Some ms -> length z = length rows -> all_within e z ->
  along c ms z + rational (raised c ms) <= dot c (rectified on z).
Proof.
  revert rows on e slopes ms z. induction c as [|c0 c IH]; intros rows on e slopes ms z h hz hw.
  { simpl. rewrite of_Q_zero. replace (0 + 0) with 0 by ring. apply le_refl. }
  destruct rows as [|row rows]; [discriminate|]. destruct on as [|on0 on]; [discriminate|]. cbn [lines] in h.
  match type of h with (match ?a with Some _ => _ | None => _ end) = _ => destruct a as [[m t]|] eqn:hm; [|discriminate] end.
  destruct (lines rows c on (tl e) (tl slopes)) as [ms'|] eqn:hms; [|discriminate]. injection h as <-.
  destruct z as [|z0 z]; [discriminate|]. injection hz as hz. apply all_within_hd in hw. destruct hw as [hw0 hw].
  rewrite raised_cons. simpl along. simpl rectified. simpl dot.
  replace (integer c0 * (rational m * z0) + along c ms' z + (integer c0 * rational t + rational (raised c ms')))
    with (integer c0 * (rational m * z0 + rational t) + (along c ms' z + rational (raised c ms'))) by ring.
  apply le_add; [|now apply IH with rows (tl e) (tl slopes)].
  destruct (Z.eqb_spec c0 0) as [->|hc].
  { rewrite integer_0. replace (0 * (rational m * z0 + rational t)) with (0 * (if on0 then relu F z0 else z0)) by ring. apply le_refl. }
  destruct on0.
  - apply line_sound with (z := z0) in hm; [|exact hw0]. destruct (Z.ltb_spec 0 c0) as [h|h].
    + apply le_mul; [apply integer_nonneg; lia | exact hm].
    + apply le_mul_neg; [apply integer_nonpos; lia | exact hm].
  - injection hm as <- <-. rewrite of_Q_zero, of_Q_one. replace (1 * z0 + 0) with z0 by ring. apply le_refl.
Qed.

Lemma finest_divides m t ms : In (m, t) ms -> (Zpos (Qden m) | Zpos (finest ms))%Z.
Proof.
  induction ms as [|[m' t'] ms IH]; [easy|]. intros [h|h]; simpl.
  - injection h as -> _. apply common_left.
  - apply Z.divide_trans with (Zpos (finest ms)); [now apply IH | apply common_right].
Qed.

Lemma along_bent f c ms (z : point) :
  (forall m t, In (m, t) ms -> (Zpos (Qden m) | Zpos f)%Z) -> along c ms z = part f * dot (bent f c ms) z.
Proof.
  revert ms z. induction c as [|c0 c IH]; intros ms z h; [simpl; ring|].
  destruct ms as [|[m t] ms]; [simpl; ring|]. destruct z as [|z0 z]; [simpl; ring|].
  simpl. rewrite (IH ms z) by (intros m' t' h'; apply (h m' t'); now right).
  rewrite !integer_mul, of_Q_parts, <- (part_divided (Qden m) f (h m t (or_introl eq_refl))). ring.
Qed.

Fixpoint weighed (e : list Z) (rows : list (list Z * Z)) (h : point) : K F :=
  match e, rows with e0 :: e', (w, b) :: rows' => integer e0 * (dot w h + integer b) + weighed e' rows' h | _, _ => 0 end.

Lemma combined_sound e rows w b w' b' (h : point) :
  combined e rows w b = (w', b') -> dot w' h + integer b' = dot w h + integer b + weighed e rows h.
Proof.
  revert rows w b. induction e as [|e0 e IH]; intros [|[w0 b0] rows] w b eq; simpl in eq; try (injection eq as <- <-; simpl; ring).
  simpl weighed. destruct (Z.eqb_spec e0 0) as [->|_]; apply IH in eq; rewrite eq; [rewrite integer_0; ring|].
  rewrite dot_added, integer_add, integer_mul. ring.
Qed.

Lemma weighed_entering e l (h : point) : dot e (entering l h) = part (denominator l) * weighed e (neurons l) h.
Proof.
  unfold entering. generalize (neurons l). induction e as [|e0 e IH]; intros rows; [simpl; ring|].
  destruct rows as [|[w b] rows]; [simpl; ring|]. simpl. rewrite IH. ring.
Qed.

Lemma length_entering l (h : point) : length (entering l h) = length (neurons l).
Proof. apply map_length. Qed.

Lemma part_mul_integer k f : part (k * f) * integer (Zpos f) = part k :> K F.
Proof. rewrite part_mul. transitivity (part k * (part f * integer (Zpos f)) : K F); [|rewrite part_integer]; ring. Qed.

Lemma back_sound net k s above total e slopes a k' c total' (x : point) :
  back k s above total net e slopes a = Some (k', c, total') -> neurons_within net e x ->
  part k' * dot c x + rational total' <= part k * (dot above (returned net x) + integer s * linear net a x) + rational total.
Proof.
  revert k s above total e slopes a. induction net as [|l net IH]; intros k s above total e slopes a h hw.
  - simpl in h. injection h as <- <- <-. rewrite dot_added.
    assert (e0 : linear [] a x = dot (hd [] a) x) by (destruct a; simpl; ring). rewrite e0. cbn [returned].
    match goal with |- ?u <= ?v => replace u with v by ring end. apply le_refl.
  - cbn [back] in h. destruct hw as [hw hw'].
    destruct (lines (neurons l) (added s (hd [] a) above) (relus l) (hd [] e) (hd [] slopes)) as [ms|] eqn:hms; [|discriminate].
    destruct (combined (bent (finest ms) (added s (hd [] a) above) ms) (neurons l) [] 0) as [w b] eqn:hc.
    apply IH in h; [|exact hw']. eapply le_trans; [exact h|]. clear h IH.
    apply lines_sound with (z := entering l (returned net x)) in hms; [|apply length_entering | exact hw].
    apply combined_sound with (h := returned net x) in hc.
    rewrite along_bent with (f := finest ms) in hms by (intros m t; apply finest_divides).
    rewrite weighed_entering in hms.
    assert (e' : weighed (bent (finest ms) (added s (hd [] a) above) ms) (neurons l) (returned net x)
      = dot w (returned net x) + integer b) by (rewrite hc; simpl; rewrite integer_0; ring).
    rewrite e' in hms. clear e' hc.
    assert (split : linear (l :: net) a x = dot (hd [] a) (returned (l :: net) x) + linear net (tl a) x)
      by (destruct a; [rewrite !linear_nil; simpl; ring | rewrite linear_cons; reflexivity]).
    rewrite split. clear split. rewrite dot_added in hms. change (rectified (relus l) (entering l (returned net x)))
      with (returned (l :: net) x) in hms.
    set (f := (finest ms * denominator l)%positive) in *.
    rewrite !rational_plus, !rational_reduced, !part_mul, integer_mul.
    rewrite (of_Q_parts (raised _ _)) in hms.
    apply le_mul with (c := part k) in hms; [|apply part_nonneg].
    apply le_trans with (part k * (part (finest ms) * (part (denominator l) * (dot w (returned net x) + integer b))
      + integer (Qnum (raised (added s (hd [] a) above) ms)) * part (Qden (raised (added s (hd [] a) above) ms)))
      + (part k * integer s * linear net (tl a) x + rational total)).
    + match goal with |- ?u <= ?v => replace u with v; [apply le_refl|] end.
      assert (hf : part f = part (finest ms) * part (denominator l) :> K F) by (unfold f; now rewrite part_mul).
      assert (hk : part f * integer (Zpos f) = 1 :> K F) by apply part_integer.
      transitivity (part k * (part f * dot w (returned net x)) + part k * integer s * linear net (tl a) x * (part f * integer (Zpos f))
        + (rational total + part (Qden (raised (added s (hd [] a) above) ms)) * part k * integer (Qnum (raised (added s (hd [] a) above) ms))
        + part k * part f * integer b)); [rewrite hk, hf; ring | ring].
    + match goal with |- _ <= ?v => replace v with (part k * (integer s * dot (hd [] a) (returned (l :: net) x) + dot above (returned (l :: net) x))
        + (part k * integer s * linear net (tl a) x + rational total)) by ring end.
      apply le_add; [exact hms | apply le_refl].
Qed.

Lemma lowest_sound c e r (x : point) :
  lowest c e = Some r -> length e = length x -> all_within e x -> rational r <= dot c x.
Proof.
  revert e r x. induction c as [|c0 c IH]; intros e r x h hl hw.
  { injection h as <-. simpl. rewrite of_Q_zero. apply le_refl. }
  destruct e as [|e0 e]; [discriminate|]. destruct x as [|x0 x]; [discriminate|]. cbn [lowest] in h. injection hl as hl.
  destruct hw as [[hlo hup] hw]. destruct (lowest c e) as [r'|] eqn:hr; [|discriminate].
  assert (h' := IH e r' x hr hl hw). clear IH. simpl dot.
  destruct (Z.eqb_spec c0 0) as [->|hc].
  { injection h as <-. rewrite integer_0. replace (0 * x0 + dot c x) with (dot c x) by ring. exact h'. }
  match type of h with (match ?a with Some _ => _ | None => _ end) = _ => destruct a as [v|] eqn:hv; [|discriminate] end.
  injection h as <-. rewrite rational_plus, rational_times, rational_integer. apply le_add; [|exact h'].
  destruct (Z.ltb_spec 0 c0) as [h|h].
  - rewrite hv in hlo. apply le_mul; [apply integer_nonneg; lia | exact hlo].
  - rewrite hv in hup. apply le_mul_neg; [apply integer_nonpos; lia | exact hup].
Qed.

End Soundness.
